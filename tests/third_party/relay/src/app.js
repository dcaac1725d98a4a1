// What relay-compiler compiles: a list in a list, each with pages of its own, and a refetch by `node`.
import { graphql } from "react-relay";

export const query = graphql`
  query appQuery($first: Int!) {
    ...app_organizations @arguments(first: $first)
  }
`;

export const organizations = graphql`
  fragment app_organizations on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 2 }, after: { type: "String" })
  @refetchable(queryName: "appOrganizationsQuery") {
    organizations(first: $first, after: $after) @connection(key: "app_organizations") {
      edges {
        node {
          code
          ...app_types
        }
      }
    }
  }
`;

export const feed = graphql`
  fragment app_feed on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 100 }, after: { type: "String" })
  @refetchable(queryName: "appFeedQuery") {
    learningOutcomeChanges(first: $first, after: $after)
      @connection(key: "app_learningOutcomeChanges") {
      edges {
        node {
          sequence
          record
        }
      }
      resync {
        reason
        epoch
      }
    }
  }
`;

export const types = graphql`
  fragment app_types on Organization
  @argumentDefinitions(first: { type: "Int", defaultValue: 1 }, after: { type: "String" })
  @refetchable(queryName: "appTypesQuery") {
    code
    certificateTypes(first: $first, after: $after) @connection(key: "app_certificateTypes") {
      edges {
        node {
          code
          certificates(first: 20) {
            edges {
              node {
                number
              }
            }
          }
        }
      }
    }
  }
`;
