// Makes a Postman collection of the contract, and sends all of its requests with newman: each is answered with a status
// that the contract has for it, and none is a request that the service cannot read.

import { readFileSync } from "node:fs";
import converter from "openapi-to-postmanv2";
import newman from "newman";

const [contract] = process.argv.slice(2);
const { SERVICE_URL, TOKEN } = process.env;
// Optional parameters are left out, as a person leaves them unticked: they would be `<string>`.
const options = {
  parametersResolution: "Example",
  folderStrategy: "Tags",
  enableOptionalParameters: false,
};

/** The requests of a folder and of those in it. */
const requests = (folder) => folder.item.flatMap((one) => (one.item ? requests(one) : [one]));

const collection = await new Promise((resolve, reject) => {
  const input = { type: "string", data: readFileSync(contract, "utf8") };
  converter.convertV2(input, options, (error, result) =>
    error || !result.result ? reject(error ?? new Error(result.reason)) : resolve(result.output[0].data));
});

// What ends the access token comes last.
const isLast = (item) => item.request.url.path.join("/") === "v1/auth/sign-out-everywhere";
const all = requests(collection).sort((one, other) => isLast(one) - isLast(other));
collection.item = all;
for (const item of all) {
  const known = [...new Set(item.response.map((response) => response.code))];
  const test = [
    `pm.test("has a status of the contract", () => pm.expect(${JSON.stringify(known)}).to.include(pm.response.code));`,
    `pm.test("was read", () => pm.expect([400, 406, 415]).not.to.include(pm.response.code));`,
  ];
  item.event = [{ listen: "test", script: { type: "text/javascript", exec: test } }];
}
collection.variable = [{ key: "baseUrl", value: SERVICE_URL }, { key: "bearerToken", value: TOKEN }];

newman.run({ collection, reporters: [], timeoutRequest: 30_000 }, (error, summary) => {
  if (error) throw error;
  const { executions, failures } = summary.run;
  for (const { source, error } of failures) {
    const { request, response } = executions.find((one) => one.item.id === source.id) ?? {};
    console.error(`${request?.method} ${request?.url}: ${error.message}: ${response?.stream?.toString().slice(0, 300)}`);
  }
  const statuses = executions.map((one) => one.response?.code);
  const succeeded = statuses.filter((status) => status >= 200 && status < 300).length;
  console.log(`newman: ${executions.length} requests, ${succeeded} of them successful, ${failures.length} failures`);
  process.exitCode = failures.length === 0 && executions.length === all.length && succeeded > 15 ? 0 : 1;
});
