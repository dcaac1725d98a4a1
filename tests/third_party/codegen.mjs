// Types of the screens' documents, by the client preset of graphql-codegen.
import { generate } from "@graphql-codegen/cli";
import { preset } from "@graphql-codegen/client-preset";

const [schema, documents, out] = process.argv.slice(2);
const config = {
  strictScalars: true,
  scalars: { Date: "string", DateTime: "string" },
  useTypeImports: true,
};
const generates = {
  [`${out}/`]: { preset, presetConfig: { fragmentMasking: false }, config },
};
await generate({ schema, documents, generates, silent: true }, true);
