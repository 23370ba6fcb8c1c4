export default {
  api: {
    input: { target: "./contract.json" },
    output: {
      target: "orval/api.ts",
      client: "fetch",
      baseUrl: { runtime: "process.env['SERVICE_URL']!" },
    },
  },
};
