// `module`: with "type": "module", Node needs the extension in imports.
export default {
  input: "./contract.json",
  output: { path: "hey-api", module: { extension: ".js" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/sdk", "@hey-api/typescript"],
};
