/** What the package's entries export, as the TypeScript compiler sees it: kinds, signatures and docstrings. No file is written here. */
import { join, relative } from "node:path";
import ts from "typescript";
import { declarationText, signatureText, typeText } from "./signatures.js";

export interface Tag {
  /** Without the @: `param`, `throws`, `default`. */
  readonly name: string;
  readonly text: string;
}

export interface Member {
  readonly name: string;
  /** On one line, or on several when it is long. */
  readonly signature: string;
  readonly doc: string;
  readonly tags: readonly Tag[];
}

export type Kind = "function" | "class" | "interface" | "type" | "constant";

export interface Exported {
  readonly name: string;
  readonly kind: Kind;
  /** What is declared, without bodies and members. */
  readonly declaration: string;
  readonly doc: string;
  readonly tags: readonly Tag[];
  readonly members: readonly Member[];
}

export interface Entry {
  /** As it is imported: `holdfast/testing`. */
  readonly name: string;
  /** The docstring at the head of its file. */
  readonly doc: string;
  readonly exported: readonly Exported[];
}

/** @param entries by the name that is imported: the file, relative to the project */
export function readEntries(project: string, entries: ReadonlyMap<string, string>): Entry[] {
  const { config } = ts.readConfigFile(join(project, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, project);
  const files = [...entries.values()].map((file) => join(project, file));
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  // Docstrings of the CDK and of the SDK are most of their text, and none of it is printed.
  host.getSourceFile = (file, language, ...rest) =>
    getSourceFile(
      file,
      file.includes("/node_modules/") && typeof language === "object"
        ? { ...language, jsDocParsingMode: ts.JSDocParsingMode.ParseNone }
        : language,
      ...rest,
    );
  const program = ts.createProgram(files, options, host);
  const reader = new Reader(program.getTypeChecker(), project);
  return [...entries].map(([name, file]) => {
    const source = program.getSourceFile(join(project, file));
    if (source === undefined) throw new Error(`The entry "${name}" has no file ${file}.`);
    return { name, doc: headOf(source), exported: reader.exportsOf(source) };
  });
}

class Reader {
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly project: string,
  ) {}

  exportsOf(source: ts.SourceFile): Exported[] {
    const module = this.checker.getSymbolAtLocation(source);
    if (module === undefined) return [];
    const symbols = this.checker.getExportsOfModule(module).map((symbol) => ({
      name: symbol.name,
      symbol: symbol.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(symbol) : symbol,
    }));
    const known = new Set(symbols.map(({ symbol }) => symbol));
    return symbols
      .map(({ name, symbol }) => this.#exported(name, symbol, known))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  }

  #exported(name: string, symbol: ts.Symbol, known: ReadonlySet<ts.Symbol>): Exported {
    const declarations = symbol.declarations ?? [];
    const kind = kindOf(declarations);
    return {
      name,
      kind,
      declaration: declarations.map((node) => declarationText(node, this.checker)).join("\n"),
      ...this.#said(symbol),
      members: kind === "class" || kind === "interface" ? this.#members(symbol, known) : this.#fields(symbol),
    };
  }

  /** Its own members, and those that it has from a declaration that is not exported itself. */
  #members(symbol: ts.Symbol, known: ReadonlySet<ts.Symbol>): Member[] {
    const constructors = [...(symbol.members?.values() ?? [])].filter(({ name }) => name === "__constructor");
    const statics = [...(symbol.exports?.values() ?? [])].filter(({ name }) => name !== "prototype");
    const properties = this.checker.getPropertiesOfType(this.checker.getDeclaredTypeOfSymbol(symbol));
    const isError = properties.some(({ name }) => name === "stack");
    const shown = properties.filter((property) => {
      const parent = parentOf(property);
      return parent === undefined || parent === symbol || !known.has(parent);
    });
    return [...(isError ? [] : constructors), ...statics, ...shown].flatMap((member) => this.#member(member));
  }

  /** Those of a type that is written as an object. */
  #fields(symbol: ts.Symbol): Member[] {
    const alias = symbol.declarations?.find(ts.isTypeAliasDeclaration);
    if (alias === undefined || !ts.isTypeLiteralNode(alias.type)) return [];
    return alias.type.members.flatMap((node) => {
      const field = node.name === undefined ? undefined : this.checker.getSymbolAtLocation(node.name);
      return field === undefined ? [] : this.#member(field);
    });
  }

  #member(symbol: ts.Symbol): Member[] {
    const nodes = (symbol.declarations ?? []).filter(
      (node) => this.#isOurs(node) && isPublic(node) && !ts.isParameter(node.parent),
    );
    const [first] = nodes;
    if (first === undefined) return [];
    const overloads = nodes.filter((node) => !hasBody(node));
    const signatures = (nodes.length > 1 ? overloads : nodes).map((node) => this.#memberText(symbol, node));
    return [
      {
        name: symbol.name === "__constructor" ? "constructor" : symbol.name,
        signature: [...new Set(signatures)].join("\n"),
        ...this.#said(symbol),
      },
    ];
  }

  #memberText(symbol: ts.Symbol, node: ts.Declaration): string {
    const isStatic = ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Static ? "static " : "";
    const name = symbol.name === "__constructor" ? "constructor" : nameText(node, symbol.name);
    if (ts.isFunctionLike(node)) return isStatic + signatureText(name, node, this.checker);
    return `${isStatic}${name}: ${typeText(node, this.checker)}`;
  }

  #said(symbol: ts.Symbol): { doc: string; tags: Tag[] } {
    const tags = symbol.getJsDocTags(this.checker).map(({ name, text }) => ({
      name,
      text: prose(ts.displayPartsToString(text)),
    }));
    return { doc: prose(ts.displayPartsToString(symbol.getDocumentationComment(this.checker))), tags };
  }

  #isOurs(node: ts.Node): boolean {
    const file = relative(this.project, node.getSourceFile().fileName);
    return file.startsWith("lib/");
  }
}

function kindOf(declarations: readonly ts.Declaration[]): Kind {
  const kinds: readonly [Kind, (node: ts.Node) => boolean][] = [
    ["class", ts.isClassDeclaration],
    ["function", ts.isFunctionDeclaration],
    ["interface", ts.isInterfaceDeclaration],
    ["constant", ts.isVariableDeclaration],
    ["type", ts.isTypeAliasDeclaration],
  ];
  for (const [kind, is] of kinds) if (declarations.some(is)) return kind;
  throw new Error(`No kind of declaration is known for: ${declarations[0]?.getText() ?? "nothing"}`);
}

function parentOf(symbol: ts.Symbol): ts.Symbol | undefined {
  const holder = symbol.declarations?.[0]?.parent;
  if (holder === undefined || !(ts.isInterfaceDeclaration(holder) || ts.isClassDeclaration(holder)))
    return undefined;
  return Reflect.get(holder, "symbol") as ts.Symbol | undefined;
}

function isPublic(node: ts.Declaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if (ts.getCombinedModifierFlags(node) & hidden) return false;
  const name = ts.getNameOfDeclaration(node);
  return name === undefined || !ts.isPrivateIdentifier(name);
}

function hasBody(node: ts.Declaration): boolean {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

function nameText(node: ts.Declaration, name: string): string {
  const readonly = ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Readonly ? "readonly " : "";
  const optional = "questionToken" in node && node.questionToken !== undefined ? "?" : "";
  return `${ts.isFunctionLike(node) ? "" : readonly}${name}${optional}`;
}

/** A page's own words for links, and one line for each paragraph. */
function prose(text: string): string {
  return (
    text
      .replace(/\{@link\s+([^}\s]+)\s*\}/g, "`$1`")
      .split(/(^```[\s\S]*?^```$)|\n\s*\n/m)
      .filter((part) => part !== undefined && part.trim() !== "")
      // Lists, tables and code keep their lines.
      .map((part) => (/^\s*([-*] |\||```)/m.test(part) ? part.trim() : part.replace(/\s+/g, " ").trim()))
      .join("\n\n")
  );
}

function headOf(source: ts.SourceFile): string {
  const comment = /^\s*\/\*\*([\s\S]*?)\*\//.exec(source.text)?.[1] ?? "";
  return prose(comment.replace(/^\s*\* ?/gm, "").trim());
}
