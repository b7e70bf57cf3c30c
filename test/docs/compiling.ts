/** All blocks of the documents as one program, with the project's own settings. */
import { join, resolve, sep } from "node:path";
import ts from "typescript";
import { type Block, fileOf, project } from "./pages.js";

/** The compiler's complaints about the blocks, told by where they stand in their documents. */
export function complaints(blocks: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
  const settings = { ...options, moduleDetection: ts.ModuleDetectionKind.Force };
  const byFile = new Map(blocks.map((block) => [fileOf(block), block]));
  const program = ts.createProgram([...byFile.keys()], settings, hostOf(byFile, settings));
  return [...byFile].flatMap(([file, { document, line }]) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start = 0 }) => {
        const within = source?.getLineAndCharacterOfPosition(start).line ?? 0;
        return `${document}:${line + within}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
      },
    );
  });
}

/** A compiler's view of the disk on which the blocks are files. */
function hostOf(byFile: ReadonlyMap<string, Block>, settings: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(settings);
  // Comments are most of what the CDK's declarations are made of, and say nothing about types.
  host.jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  const files = [...byFile.keys()];
  host.fileExists = (file) => byFile.has(resolve(file)) || fileExists(file);
  host.directoryExists = (directory) =>
    files.some((file) => file.startsWith(resolve(directory) + sep)) || (directoryExists?.(directory) ?? true);
  host.readFile = (file) => byFile.get(resolve(file))?.text ?? readFile(file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const block = byFile.get(resolve(file));
    return block === undefined
      ? getSourceFile(file, languageVersion, ...rest)
      : ts.createSourceFile(file, block.text, languageVersion);
  };
  return host;
}
