"""GraphQL over HTTP, and the files that are served beside it."""
