// A page that React and Relay draw against a server: pages to the end, nested pages through `node`.
// Prints what was seen, and each operation that was sent.
const React = require("react");
const Relay = require("react-relay");
const TestRenderer = require("react-test-renderer");
const runtime = require("relay-runtime");
const Query = require("./generated/appQuery.graphql.js");
const Organizations = require("./generated/app_organizations.graphql.js");
const Types = require("./generated/app_types.graphql.js");

globalThis.IS_REACT_ACT_ENVIRONMENT = true;
const [url] = process.argv.slice(2);
const sent = [];
const environment = new runtime.Environment({
  network: runtime.Network.create(async ({ name, text }, variables) => {
    sent.push(name);
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  }),
  store: new runtime.Store(new runtime.RecordSource()),
});

const seen = { organizations: [], types: {} };
const more = {};
const h = React.createElement;

function TypeList({ organization }) {
  const page = Relay.usePaginationFragment(Types, organization);
  const { code, certificateTypes } = page.data;
  seen.types[code] = certificateTypes.edges.map((edge) => edge.node.code);
  more[code] = page;
  return null;
}

function OrganizationList({ root }) {
  const page = Relay.usePaginationFragment(Organizations, root);
  seen.organizations = page.data.organizations.edges.map((edge) => edge.node.code);
  more.organizations = page;
  return page.data.organizations.edges.map(({ node }) =>
    h(TypeList, { key: node.code, organization: node }),
  );
}

function App() {
  return h(OrganizationList, { root: Relay.useLazyLoadQuery(Query, { first: 2 }) });
}

const settled = () => TestRenderer.act(() => new Promise((resolve) => setTimeout(resolve, 50)));
async function main() {
  const drawn = h(Relay.RelayEnvironmentProvider, { environment }, h(React.Suspense, { fallback: null }, h(App)));
  await TestRenderer.act(async () => TestRenderer.create(drawn));
  for (;;) {
    await settled();
    const pages = Object.values(more);
    if (!pages.length || pages.some((page) => page.isLoadingNext)) continue;
    const next = pages.find((page) => page.hasNext);
    if (!next) break;
    await TestRenderer.act(async () => next.loadNext(next === more.organizations ? 2 : 1));
  }
  console.log(JSON.stringify({ ...seen, sent }));
  process.exit(0);
}

main();
