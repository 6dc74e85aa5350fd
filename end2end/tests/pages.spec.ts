// Every kind of page of the demo world: no serious finding of axe in either theme, nothing wider than a phone, no error in
// the console. Screenshots land in `screenshots/`.
import { mkdirSync } from "node:fs";
import { expect, type Page, test } from "@playwright/test";
import { expectAccessible } from "../fixtures/accessibility.js";
import { start, type Turnpike } from "../fixtures/turnpike.js";

const WIDTHS = [390, 768, 1440];
let demo: Turnpike;

test.beforeAll(async () => {
  mkdirSync("screenshots", { recursive: true });
  demo = await start("demo");
});
test.afterAll(async () => demo?.stop());

/** E-mail and password that the demo printed for a role. */
function signInOf(role: string): { email: string; password: string } {
  const email = demo.output().match(new RegExp(`(\\S+@\\S+)\\s+${role}`))?.[1];
  const password = demo.output().match(/password is (\S+)/)?.[1];
  if (!email || !password) throw new Error(`The demo prints no sign-in for ${role}:\n${demo.output()}`);
  return { email, password };
}

async function signIn(page: Page, role: string) {
  const { email, password } = signInOf(role);
  await page.goto(`${demo.portal}/signin`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/dashboard$/);
}

/** Looks at a page in both themes and every width. */
async function look(page: Page, name: string, path: string) {
  const complaints: string[] = [];
  const listen = (message: { type(): string; text(): string }) => {
    if (message.type() === "error") complaints.push(message.text());
  };
  page.on("console", listen);
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const answer = await page.goto(demo.portal + path);
      expect(answer!.status(), path).toBe(200);
      await page.screenshot({ path: `screenshots/${name}-${width}-${scheme}.png`, fullPage: true });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(overflow, `${path} at ${width} px scrolls sideways`).toBeLessThanOrEqual(0);
      const frames = await page.locator(".shell, .reference").evaluateAll((all) => all.map((one) => one.clientWidth));
      for (const frame of frames) expect(frame, `${path} at ${width} px fills its width`).toBe(width);
    }
    await expectAccessible(page, true);
  }
  page.off("console", listen);
  expect(complaints, `console errors on ${path}`).toEqual([]);
}

test("portal", async ({ page }) => {
  await look(page, "home", "/");
  await look(page, "catalog", "/apis");
  await page.goto(`${demo.portal}/apis`);
  const api = await page.locator("main a[href^='/apis/']").first().getAttribute("href");
  await look(page, "api", api!);
  await page.goto(demo.portal + api!);
  const reference = await page.locator(`a[href^='${api}/v']`).first().getAttribute("href");
  const version = reference!.split("/").slice(0, 5).join("/");
  await look(page, "reference", version);
  await page.goto(demo.portal + version);
  const operation = await page.locator("a[href*='/operations/']").first().getAttribute("href");
  await look(page, "operation", operation!);
  await look(page, "changelog", "/apis/acme/petstore/changelog");
  await look(page, "problems", "/problems");
  await look(page, "signup", "/signup");
  await look(page, "signin", "/signin");
  await look(page, "mail", "/demo/mail");
});

test("dashboard", async ({ page }) => {
  await signIn(page, "consumer");
  await look(page, "dashboard", "/dashboard");
  await page.goto(`${demo.portal}/dashboard`);
  const application = await page.locator("main a[href^='/dashboard/applications/app_']").first().getAttribute("href");
  await look(page, "application", application!);
  await look(page, "new-application", "/dashboard/applications/new");
  await look(page, "usage", "/dashboard/usage?range=7d");
  await look(page, "settings", "/dashboard/settings");
});

test("console", async ({ page }) => {
  await signIn(page, "provider");
  await page.goto(`${demo.portal}/console`);
  const organization = new URL(page.url()).pathname;
  await look(page, "console", `${organization}?range=7d`);
  await look(page, "console-apis", `${organization}/apis`);
  await page.goto(`${demo.portal}${organization}/apis`);
  const version = await page.locator("main a[href*='/versions/']").first().getAttribute("href");
  await look(page, "console-version", version!);
  await look(page, "console-version-policies", `${version}/policies`);
  await look(page, "console-version-checks", `${version}/checks`);
  await look(page, "console-version-changes", `${version}/changes`);
  await look(page, "console-rules", `${organization}/rules`);
  await look(page, "console-policies", `${organization}/policies`);
  await look(page, "console-policy", `${organization}/policies/rate_limits`);
  await look(page, "console-new-api", `${organization}/apis/new`);
  await look(page, "console-plans", `${organization}/plans`);
  await look(page, "console-new-plan", `${organization}/plans/new`);
  await look(page, "console-subscribers", `${organization}/subscribers`);
  await page.goto(`${demo.portal}${organization}/subscribers`);
  const subscriber = await page.locator("main a[href*='/subscribers/sub_']").first().getAttribute("href");
  await look(page, "console-subscriber", subscriber!);
  await look(page, "console-audit", `${organization}/audit`);
  await look(page, "console-settings", `${organization}/settings`);
});

test("a page that is not there says so", async ({ page }) => {
  const answer = await page.goto(`${demo.portal}/nothing/here`);
  expect(answer!.status()).toBe(404);
  await expectAccessible(page, true);
});
