/**
 * What a shell is to run once, so that it asks the command itself what may stand where a line ends. Each hands over the words behind the
 * program's name up to the cursor, and gets a candidate a line: the word, a tab, and what it is about.
 */

export const SHELLS = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof SHELLS)[number];

/** Bash cuts words at colons and the like, and replaces only what is behind the last of them: ids hold such characters. */
const BASH = `# holdfast completion for bash: source <(holdfast completion bash)
_holdfast() {
  local line="\${COMP_LINE:0:COMP_POINT}" word about mark head cut=""
  local -a words=()
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  local typed="\${words[\${#words[@]}-1]}"
  for mark in : = @; do
    [[ $COMP_WORDBREAKS == *"$mark"* && $typed == *"$mark"* ]] || continue
    head="\${typed%"$mark"*}$mark"
    (( \${#head} > \${#cut} )) && cut="$head"
  done
  COMPREPLY=()
  while IFS=$'\\t' read -r word about; do
    COMPREPLY+=("\${word#"$cut"}")
  done < <("\${words[0]}" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _holdfast holdfast
`;

const ZSH = `#compdef holdfast
# holdfast completion for zsh: source <(holdfast completion zsh), behind compinit
_holdfast() {
  local word about
  local -a found
  while IFS=$'\\t' read -r word about; do
    found+=("\${word//:/\\\\:}:$about")
  done < <("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then
    _describe holdfast found
  else
    _files
  fi
}
compdef _holdfast holdfast
`;

const FISH = `# holdfast completion for fish: holdfast completion fish | source
function __holdfast_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found (command $words[1] complete -- $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c holdfast -f -a '(__holdfast_complete)'
`;

export const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
