// What graphql-eslint says of the schema: its recommended rules, and Relay's.
import graphql from "@graphql-eslint/eslint-plugin";

const { configs, parser } = graphql;
const schema = process.env.SCHEMA;

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: { parser, parserOptions: { graphQLConfig: { schema } } },
    rules: {
      ...configs["flat/schema-recommended"].rules,
      ...configs["flat/schema-relay"].rules,
      // `certificateType` is what a certificate is of; the programme calls it so
      "@graphql-eslint/naming-convention": "off",
      "@graphql-eslint/no-typename-prefix": "off",
      // most types are parts of another and have no identity of their own; those with one are `Node`s
      "@graphql-eslint/strict-id-in-types": "off",
      // lists go forwards: docs/api.md says why
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      // `nodes`, and short lists that come whole
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
    },
  },
];
