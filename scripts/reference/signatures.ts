/** Declarations as they are written, without bodies, comments and defaults. */
import ts from "typescript";

const printer = ts.createPrinter({ removeComments: true });

/** Longer than this, a list of parameters takes a line for each. */
const LONGEST_LINE = 100;

/** What is declared: a function's signature, the head of a class or an interface, a type with what it stands for. */
export function declarationText(node: ts.Declaration, checker: ts.TypeChecker): string {
  const name = ts.getNameOfDeclaration(node)?.getText() ?? "";
  if (ts.isFunctionDeclaration(node)) {
    const overloaded = (checker.getSymbolAtLocation(node.name ?? node)?.declarations?.length ?? 1) > 1;
    return overloaded && node.body !== undefined ? "" : `function ${signatureText(name, node, checker)}`;
  }
  if (ts.isClassDeclaration(node)) {
    const abstract = ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Abstract ? "abstract " : "";
    return `${abstract}class ${name}${typeParameters(node)}${heritage(node)}`;
  }
  if (ts.isInterfaceDeclaration(node)) return `interface ${name}${typeParameters(node)}${heritage(node)}`;
  if (ts.isTypeAliasDeclaration(node)) return `type ${name}${typeParameters(node)} = ${printed(node.type)}`;
  return `const ${name}: ${typeText(node, checker)}`;
}

/** `name<T>(one: A, other?: B): C` */
export function signatureText(name: string, node: ts.SignatureDeclaration, checker: ts.TypeChecker): string {
  const parameters = node.parameters.map((parameter) => parameterText(parameter, checker));
  const begin = `${name}${typeParameters(node)}`;
  const end = ts.isConstructorDeclaration(node) ? "" : `: ${returned(node, checker)}`;
  const line = `${begin}(${parameters.join(", ")})${end}`;
  if (line.length <= LONGEST_LINE && !line.includes("\n")) return line;
  if (parameters.length === 0) return line;
  return `${begin}(\n${parameters.map((parameter) => `  ${parameter},`.replace(/\n/g, "\n  ")).join("\n")}\n)${end}`;
}

/** As it is annotated, or as the compiler infers it. */
export function typeText(node: ts.Declaration, checker: ts.TypeChecker): string {
  if ("type" in node && node.type !== undefined && ts.isTypeNode(node.type as ts.Node))
    return printed(node.type as ts.TypeNode);
  return checker.typeToString(checker.getTypeAtLocation(node), node, ts.TypeFormatFlags.NoTruncation);
}

function parameterText(node: ts.ParameterDeclaration, checker: ts.TypeChecker): string {
  // One that is taken apart has no name of its own: it is always the options.
  const name = ts.isIdentifier(node.name) ? node.name.text : "options";
  const optional = node.questionToken !== undefined || node.initializer !== undefined ? "?" : "";
  return `${node.dotDotDotToken === undefined ? "" : "..."}${name}${optional}: ${typeText(node, checker)}`;
}

function returned(node: ts.SignatureDeclaration, checker: ts.TypeChecker): string {
  if (node.type !== undefined) return printed(node.type);
  const signature = checker.getSignatureFromDeclaration(node);
  return signature === undefined ? "void" : checker.typeToString(signature.getReturnType(), node);
}

function typeParameters(node: {
  readonly typeParameters?: ts.NodeArray<ts.TypeParameterDeclaration> | undefined;
}): string {
  const parameters = node.typeParameters ?? [];
  return parameters.length === 0 ? "" : `<${parameters.map(printed).join(", ")}>`;
}

function heritage(node: ts.ClassDeclaration | ts.InterfaceDeclaration): string {
  const clauses = (node.heritageClauses ?? []).map((clause) => printed(clause).trim());
  return clauses.length === 0 ? "" : ` ${clauses.join(" ")}`;
}

function printed(node: ts.Node): string {
  return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()).replace(/ {4}/g, "  ");
}
