// Starts GraphiQL against this server, with a first query that works without a token.
const FIRST_QUERY = `# Try it: Ctrl-Enter. Mutations need a token under "Headers":
#   { "Authorization": "Bearer cgt_..." }
{
  certificateTypes(first: 5, batchNumber: 1) {
    nodes {
      code
      name
      levels { level }
      organizations { name }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "graphql" }),
    defaultQuery: FIRST_QUERY,
    defaultEditorToolsVisibility: "headers",
  }),
);
