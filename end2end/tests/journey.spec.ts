// The main job, end to end: a provider publishes, a consumer subscribes and calls, the provider says goodbye.
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible } from "../fixtures/accessibility.js";
import { start, type Turnpike, until } from "../fixtures/turnpike.js";
import { startUpstream, type Upstream } from "../fixtures/upstream.js";

const SPEC = `openapi: 3.1.0
info: { title: Paddock, version: 1.2.0, description: Horses and their *stables*. }
paths:
  /horses:
    get:
      operationId: listHorses
      summary: List horses
      tags: [horses]
      parameters:
        - { name: limit, in: query, description: How many to return, schema: { type: integer, maximum: 100 } }
      responses:
        "200":
          description: The horses
          content:
            application/json:
              schema: { type: array, items: { $ref: "#/components/schemas/Horse" } }
  /horses/{horseId}:
    get:
      operationId: showHorse
      summary: Show a horse
      tags: [horses]
      parameters:
        - { name: horseId, in: path, required: true, schema: { type: integer }, example: 7 }
      responses:
        "200": { description: The horse, content: { application/json: { schema: { $ref: "#/components/schemas/Horse" } } } }
components:
  schemas:
    Horse:
      type: object
      required: [id, name]
      properties:
        id: { type: integer }
        name: { type: string, description: What it listens to }
`;
const PASSWORD = "correct horse battery";

let turnpike: Turnpike;
let upstream: Upstream;

test.beforeAll(async () => {
  [turnpike, upstream] = await Promise.all([start("serve", "--allow-private-upstreams"), startUpstream()]);
});
test.afterAll(async () => {
  await Promise.all([turnpike?.stop(), upstream?.stop()]);
});

/** Signs up, opens the link of the mail and ends on the dashboard. */
async function signUp(page: Page, name: string, email: string, check: () => Promise<void>) {
  await page.goto(`${turnpike.portal}/signup`);
  await check();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { name: "Check your mail" })).toBeVisible();
  const mail = await turnpike.mailTo(email, /verify/i);
  const link = mail.match(/http:\/\/\S+\/verify\?token=\S+/)?.[0];
  expect(link, mail).toBeTruthy();
  await page.goto(link!);
  await check();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Verify address" }).click();
  await expect(page).toHaveURL(/\/dashboard$/);
}

async function call(key: string | undefined, path: string): Promise<Response> {
  return fetch(`${turnpike.gateway}/acme/paddock/v1${path}`, { headers: key ? { authorization: `Bearer ${key}` } : {} });
}

test("publish, subscribe, call, deprecate, revoke", async ({ browser, javaScriptEnabled }) => {
  const scripted = javaScriptEnabled !== false;
  const provider = await (await browser.newContext({ javaScriptEnabled: scripted })).newPage();
  const check = () => expectAccessible(provider, scripted);

  await test.step("a provider signs up and makes an organization", async () => {
    await signUp(provider, "Pia Provider", "pia@acme.example", check);
    await check();
    await provider.goto(`${turnpike.portal}/console`);
    await provider.getByRole("link", { name: "New organization" }).click();
    await provider.getByLabel("Name", { exact: true }).fill("Acme");
    await provider.getByLabel("Short name").fill("Not A Slug");
    await provider.getByRole("button", { name: "Create organization" }).click();
    await expect(provider.getByRole("alert")).toContainText("small letters");
    await expect(provider.getByLabel("Short name")).toHaveValue("Not A Slug");
    await check();
    await provider.getByLabel("Short name").fill("acme");
    await provider.getByRole("button", { name: "Create organization" }).click();
    await expect(provider).toHaveURL(/\/console\/acme$/);
    await check();
  });

  await test.step("imports a document; one that cannot be read is refused with its line", async () => {
    await provider.getByRole("link", { name: "New API" }).first().click();
    await check();
    const broken = "openapi: 3.1.0\ninfo: { title: Paddock\npaths: {}\n";
    await provider.getByLabel("Upload a file").setInputFiles({ name: "broken.yaml", mimeType: "application/yaml", buffer: Buffer.from(broken) });
    await provider.getByLabel("Short name").fill("paddock");
    await provider.getByRole("button", { name: "Create API" }).click();
    await expect(provider.getByRole("alert")).toContainText("cannot be imported");
    await expect(provider.locator(".diagnostic").first()).toContainText(/line \d/);
    await expect(provider.getByLabel("Short name")).toHaveValue("paddock");
    await check();
    await provider.getByLabel("Upload a file").setInputFiles({ name: "paddock.yaml", mimeType: "application/yaml", buffer: Buffer.from(SPEC) });
    await provider.getByRole("button", { name: "Create API" }).click();
    await expect(provider.getByRole("heading", { level: 1 })).toHaveText("Paddock v1");
    await expect(provider.getByText("openapi-3.1")).toBeVisible();
    await expect(provider.getByRole("heading", { name: "2 operations" })).toBeVisible();
    await check();
  });

  await test.step("sets the upstream and publishes", async () => {
    await provider.getByLabel("Address of your server").fill("http://169.254.169.254/latest");
    await provider.getByRole("button", { name: "Save upstream" }).click();
    await expect(provider.getByRole("alert")).toContainText(/169\.254\.169\.254/);
    await provider.getByLabel("Address of your server").fill(upstream.url);
    await provider.getByRole("button", { name: "Save upstream" }).click();
    await provider.getByRole("button", { name: "Publish v1" }).click();
    await expect(provider.getByText("Paddock v1 is published.")).toBeVisible();
    await check();
  });

  await test.step("makes a plan", async () => {
    await provider.goto(`${turnpike.portal}/console/acme/plans/new`);
    await check();
    await provider.getByLabel("Name", { exact: true }).fill("Starter");
    await provider.getByLabel("Short name").fill("starter");
    await provider.getByRole("checkbox", { name: "Paddock" }).check();
    await provider.getByLabel("Limit 1: requests").fill("50");
    await provider.getByLabel("Quota").fill("1000");
    await provider.getByRole("button", { name: "Create plan" }).click();
    await expect(provider.getByText("1,000 requests a month")).toBeVisible();
    await check();
    await provider.getByRole("link", { name: "New plan" }).click();
    await provider.getByLabel("Name", { exact: true }).fill("Pro");
    await provider.getByLabel("Short name").fill("pro");
    await provider.getByRole("checkbox", { name: "Paddock" }).check();
    await provider.getByLabel("Quota").fill("50,000");
    await provider.getByRole("button", { name: "Create plan" }).click();
    await expect(provider.getByText("50,000 requests a month")).toBeVisible();
  });

  const consumer = await (await browser.newContext({ javaScriptEnabled: scripted })).newPage();
  const checkConsumer = () => expectAccessible(consumer, scripted);
  let key = "";

  await test.step("a consumer finds the api and reads its reference", async () => {
    await signUp(consumer, "Carl Consumer", "carl@shop.example", checkConsumer);
    await consumer.goto(turnpike.portal);
    await checkConsumer();
    await consumer.getByRole("main").getByRole("searchbox").fill("paddock");
    await consumer.getByRole("main").getByRole("button", { name: "Search" }).click();
    await expect(consumer).toHaveURL(/\/apis\?q=paddock/);
    await checkConsumer();
    await consumer.getByRole("link", { name: /Paddock/ }).first().click();
    await expect(consumer.getByRole("heading", { level: 1 })).toContainText("Paddock");
    await checkConsumer();
    await consumer.goto(`${turnpike.portal}/apis/acme/paddock/v1/operations/listHorses`);
    await expect(consumer.getByText("How many to return")).toBeVisible();
    await expect(consumer.getByText("What it listens to")).toBeVisible();
    await expect(consumer.getByText("curl").first()).toBeVisible();
    await checkConsumer();
  });

  await test.step("subscribes and gets a key", async () => {
    await consumer.goto(`${turnpike.portal}/apis/acme/paddock`);
    await consumer.locator(".plan", { hasText: "Starter" }).getByRole("link").click();
    await expect(consumer).toHaveURL(/\/subscribe\/acme\/starter$/);
    await checkConsumer();
    await consumer.getByLabel("Name of your application").fill("Shop");
    await consumer.getByRole("button", { name: "Subscribe to Starter" }).click();
    await expect(consumer.getByText("Subscribed to Starter.")).toBeVisible();
    await checkConsumer();
    await consumer.getByLabel("Name of a new key").fill("server");
    await consumer.getByRole("button", { name: "Create key" }).click();
    await expect(consumer.getByRole("heading", { name: "Key created" })).toBeVisible();
    await checkConsumer();
    key = (await consumer.locator(".secret-text").textContent())!.trim();
    expect(key).toMatch(/^tp_live_[0-9A-Za-z]{38}$/);
    // The page says that the key works, so it works.
    expect((await call(key, "/horses")).status).toBe(200);
  });

  await test.step("calls through the gateway and sees the calls", async () => {
    const answer = await call(key, "/horses/7");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ratelimit")).toContain("r=");
    expect((await call(undefined, "/horses")).status).toBe(401);
    expect(upstream.calls.map((c) => c.path)).toEqual(["/horses", "/horses/7"]);
    expect(upstream.calls[0].headers.authorization).toBeUndefined();
    await consumer.getByRole("link", { name: "I have stored it" }).click();
    await until("the calls on the page", async () => {
      await consumer.reload();
      const rows = consumer.getByRole("table", { name: "Calls today per operation" }).getByRole("row");
      return (await rows.filter({ hasText: "/horses" }).count()) === 2 ? true : undefined;
    });
    await expect(consumer.getByText(key.slice(-4))).toBeVisible();
    await expect(consumer.getByText(key)).toHaveCount(0);
    await consumer.getByRole("link", { name: "Change plan Starter" }).click();
    await checkConsumer();
    await consumer.getByRole("button", { name: "Change to Pro" }).click();
    await expect(consumer.getByText("The plan is changed.")).toBeVisible();
    await expect(consumer.getByText("2 of 50,000 calls")).toBeVisible();
    expect((await call(key, "/horses")).status).toBe(200);
    await consumer.goto(`${turnpike.portal}/dashboard/usage`);
    await checkConsumer();
    await consumer.goto(`${turnpike.portal}/dashboard`);
    await checkConsumer();
    await provider.goto(`${turnpike.portal}/console/acme`);
    await check();
    await provider.goto(`${turnpike.portal}/console/acme/subscribers`);
    await expect(provider.getByRole("rowheader", { name: "Shop" })).toBeVisible();
    await check();
  });

  await test.step("the provider announces the end: banner and headers", async () => {
    await provider.goto(`${turnpike.portal}/console/acme/apis/paddock/versions/new`);
    await check();
    await provider.getByLabel("Or paste it").fill(SPEC);
    await provider.getByRole("button", { name: "Create version" }).click();
    await provider.getByLabel("Address of your server").fill(upstream.url);
    await provider.getByRole("button", { name: "Save upstream" }).click();
    await provider.getByRole("button", { name: "Publish v2" }).click();
    await provider.goto(`${turnpike.portal}/console/acme/apis/paddock/versions/v1`);
    await provider.getByText("Deprecate this version").click();
    await provider.getByLabel("Sunset").fill("2099-05-01T00:00");
    await provider.getByLabel("Successor").selectOption("v2");
    await provider.getByLabel("How to move").fill("Change `v1` to `v2` in your paths.");
    await provider.getByRole("button", { name: "Announce the end" }).click();
    await expect(provider.getByText("The end is announced.")).toBeVisible();
    await check();
    const answer = await call(key, "/horses");
    expect(answer.headers.get("deprecation")).toMatch(/^@\d+$/);
    expect(answer.headers.get("sunset")).toBe("Fri, 01 May 2099 00:00:00 GMT");
    expect(answer.headers.get("link")).toContain('rel="successor-version"');
    await consumer.goto(`${turnpike.portal}/apis/acme/paddock/v1`);
    await expect(consumer.locator(".barrier")).toContainText("2099");
    await checkConsumer();
    await consumer.goto(`${turnpike.portal}/apis/acme/paddock/v1/deprecation`);
    await expect(consumer.getByText("in your paths")).toBeVisible();
    await checkConsumer();
  });

  await test.step("the consumer revokes the key: 401, with a page that explains it", async () => {
    await consumer.goto(`${turnpike.portal}/dashboard`);
    await consumer.getByRole("link", { name: "Shop", exact: true }).click();
    await consumer.getByRole("link", { name: "Revoke server" }).click();
    await checkConsumer();
    await consumer.getByLabel("Type server to revoke it").fill("server");
    await consumer.getByRole("button", { name: "Revoke key" }).click();
    await expect(consumer.getByText("server is revoked.")).toBeVisible();
    const answer = await call(key, "/horses");
    expect(answer.status).toBe(401);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    const problem = (await answer.json()) as { type: string; title: string };
    const explained = await consumer.goto(problem.type);
    expect(explained!.status()).toBe(200);
    await expect(consumer.getByRole("heading", { level: 1 })).toContainText(problem.title);
    await checkConsumer();
  });

  await test.step("the consumer sees the session and signs out", async () => {
    await consumer.goto(`${turnpike.portal}/dashboard/settings`);
    await checkConsumer();
    await expect(consumer.getByText("This browser")).toBeVisible();
    await consumer.locator(".account-menu > summary").click();
    await consumer.getByRole("button", { name: "Sign out" }).click();
    await expect(consumer.getByText("You are signed out.")).toBeVisible();
    await consumer.goto(`${turnpike.portal}/dashboard`);
    await expect(consumer).toHaveURL(/\/signin\?next=/);
  });
});
