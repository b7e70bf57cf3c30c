/** The writes that the sources of the DynamoDB store make, read from their syntax. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const FOLDER = join(import.meta.dirname, "../../lib/store/dynamodb");

export interface Source {
  readonly file: string;
  readonly tree: ts.SourceFile;
}

export const SOURCES: readonly Source[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => {
    const text = readFileSync(join(FOLDER, file), "utf8");
    return { file, tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
  });

export interface Write {
  /** `put-wait.ts putWaitParams`: its file, and the function in which it is made. */
  readonly place: string;
  /** It has a condition, whatever happens. */
  readonly conditional: boolean;
}

/** Commands of one write, with the client's and the document client's names, and the types of their parameters. */
const SINGLE = /^(Put|Update|Delete)(Item)?Command$/;
const SINGLE_INPUT = /^(Put|Update|Delete)(Item)?CommandInput$/;
const TRANSACTION = /^(TransactWrite(Items)?|ExecuteTransaction)Command$/;
/** What can't have a condition at all. */
const NEVER_CONDITIONAL = /^(BatchWrite(Item)?|BatchExecuteStatement|ExecuteStatement)Command$/;
const ACTIONS = ["Put", "Update", "Delete"];

/** Every write, from wherever its parameters can come. Throws at one whose parameters can't be seen. */
export function writesIn(source: Source): Write[] {
  const writes: Write[] = [];
  const add = (node: ts.Node, params: ts.ObjectLiteralExpression | undefined): void => {
    writes.push({ place: placeOf(source, node), conditional: params !== undefined && hasCondition(params) });
  };
  visit(source.tree, (node) => {
    if (ts.isNewExpression(node)) {
      const name = node.expression.getText();
      const [argument] = node.arguments ?? [];
      if (NEVER_CONDITIONAL.test(name)) add(node, undefined);
      if (SINGLE.test(name) && argument !== undefined && ts.isObjectLiteralExpression(argument))
        add(node, argument);
      else if ((SINGLE.test(name) || TRANSACTION.test(name)) && !isSeenElsewhere(source, argument))
        throw new Error(`${placeOf(source, node)}: the parameters of its ${name} can't be seen.`);
    }
    // The function that makes the parameters of a command.
    if (ts.isFunctionDeclaration(node) && SINGLE_INPUT.test(node.type?.getText() ?? "")) {
      const returned = returnsOf(node);
      if (returned.length === 0) throw new Error(`${placeOf(source, node)}: what it returns can't be seen.`);
      for (const params of returned) add(node, ts.isObjectLiteralExpression(params) ? params : undefined);
    }
    // An action of a transaction.
    if (ts.isPropertyAssignment(node) && ACTIONS.includes(node.name.getText())) {
      const { initializer } = node;
      if (ts.isObjectLiteralExpression(initializer)) add(node, initializer);
      else if (!isSeenElsewhere(source, initializer))
        throw new Error(
          `${placeOf(source, node)}: the parameters of its ${node.name.getText()} can't be seen.`,
        );
    }
  });
  return writes;
}

/** Places that give an attribute of this name a value: in an object, or in an expression's text. */
export function writersOf(attribute: string, { file, tree }: Source): { place: string; value: string }[] {
  const found: { place: string; value: string }[] = [];
  visit(tree, (node) => {
    const place = placeOf({ file, tree }, node);
    if (ts.isPropertyAssignment(node) && nameOf(node.name) === attribute)
      found.push({ place, value: node.initializer.getText() });
    if (ts.isShorthandPropertyAssignment(node) && node.name.text === attribute)
      found.push({ place, value: attribute });
    if (
      (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) &&
      new RegExp(`(SET|ADD|REMOVE|,) +#?${attribute}\\b`).test(node.getText())
    )
      found.push({ place, value: node.getText() });
  });
  return found;
}

/** It is the result of one of these sources' functions that make parameters, or all of such a result but some. */
function isSeenElsewhere(source: Source, node: ts.Expression | undefined): boolean {
  if (node === undefined) return false;
  if (ts.isCallExpression(node)) {
    const made = functionNamed(node.expression.getText())?.type?.getText() ?? "";
    return SINGLE_INPUT.test(made) || made === "TransactWriteCommandInput";
  }
  if (!ts.isIdentifier(node)) return false;
  let seen = false;
  visit(source.tree, (other) => {
    if (!ts.isVariableDeclaration(other) || other.initializer === undefined) return;
    const names = ts.isIdentifier(other.name)
      ? [other.name.text]
      : other.name.elements.flatMap((element) =>
          ts.isBindingElement(element) ? [element.name.getText()] : [],
        );
    // Nothing that is taken out of the parameters may be their condition.
    const takesItOut = names.length > 1 && other.name.getText().includes("ConditionExpression");
    if (names.includes(node.text) && !takesItOut && ts.isCallExpression(other.initializer))
      seen ||= isSeenElsewhere(source, other.initializer);
  });
  return seen;
}

function functionNamed(name: string): ts.FunctionDeclaration | undefined {
  for (const { tree } of SOURCES) {
    for (const statement of tree.statements)
      if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) return statement;
  }
  return undefined;
}

function hasCondition(params: ts.ObjectLiteralExpression): boolean {
  return params.properties.some(
    (property) =>
      (ts.isPropertyAssignment(property) || ts.isShorthandPropertyAssignment(property)) &&
      nameOf(property.name) === "ConditionExpression",
  );
}

function returnsOf(made: ts.FunctionDeclaration): ts.Expression[] {
  const found: ts.Expression[] = [];
  visit(made, (node) => {
    if (ts.isReturnStatement(node) && node.expression !== undefined && enclosing(node) === made)
      found.push(node.expression);
  });
  return found;
}

function placeOf({ file }: Source, node: ts.Node): string {
  const within = ts.isFunctionDeclaration(node) ? node : outermost(node);
  return within?.name === undefined ? file : `${file} ${within.name.text}`;
}

function enclosing(node: ts.Node): ts.Node | undefined {
  return ts.findAncestor(node, ts.isFunctionLike);
}

function outermost(node: ts.Node): ts.FunctionDeclaration | undefined {
  return ts.findAncestor(node, ts.isFunctionDeclaration);
}

function nameOf(name: ts.PropertyName): string {
  return ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText();
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}
