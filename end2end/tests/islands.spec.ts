// What the browser runs: copy buttons, the filter of operations, the theme switch; and that pages without an island load no
// bundle.
import { expect, test } from "@playwright/test";
import { start, type Turnpike } from "../fixtures/turnpike.js";

let demo: Turnpike;

test.beforeAll(async () => {
  demo = await start("demo");
});
test.afterAll(async () => demo?.stop());

test("an operation's request can be copied", async ({ browser }) => {
  const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  await page.goto(`${demo.portal}/apis/acme/petstore/v1`);
  await page.locator("a[href*='/operations/']").first().click();
  await page.locator("html[data-islands=ready]").waitFor();
  const copied = async () => {
    await page.getByRole("button", { name: "Copy sample" }).click();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  const curl = await copied();
  expect(curl).toMatch(/^curl /);
  expect(curl).toContain(`${demo.gateway}/acme/petstore/v1/`);
  await page.locator(".code-tabs").getByText("Python", { exact: true }).click();
  expect(await copied()).toMatch(/^import /);
  await context.close();
});

test("the side navigation is filtered as one types", async ({ page }) => {
  await page.goto(`${demo.portal}/apis/acme/petstore/v1`);
  await page.locator("html[data-islands=ready]").waitFor();
  const links = page.locator("nav[aria-label*='perations'] a[href*='/operations/']:visible");
  const all = await links.count();
  await page.locator(".sidenav").getByRole("searchbox").fill("order");
  await expect.poll(() => links.count()).toBeLessThan(all);
  await expect(links.first()).toContainText(/order/i);
});

test("the theme is chosen once and kept", async ({ page }) => {
  await page.goto(demo.portal);
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByRole("button", { name: /light and dark/i }).click();
  const chosen = await theme();
  expect(["light", "dark"]).toContain(chosen);
  await page.goto(`${demo.portal}/apis`);
  expect(await theme()).toBe(chosen);
});

test("a page without an island loads no bundle", async ({ page }) => {
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  for (const path of ["/", "/apis", "/signin", "/problems"]) await page.goto(demo.portal + path, { waitUntil: "networkidle" });
  expect(loaded.filter((path) => path.startsWith("/pkg/"))).toEqual([]);
});
