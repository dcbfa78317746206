"""JavaScript and TypeScript: npm, pnpm, yarn; Jest, Vitest, Mocha, node:test, AVA, tape."""
