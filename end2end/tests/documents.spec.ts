// What a new revision says: a provider uploads a document that breaks callers, and the pages of both sides tell of it.
import { expect, test } from "@playwright/test";
import { expectAccessible } from "../fixtures/accessibility.js";
import { start, type Turnpike } from "../fixtures/turnpike.js";

let demo: Turnpike;

test.beforeAll(async () => {
  demo = await start("demo");
});
test.afterAll(async () => demo?.stop());

test("a revision that breaks callers is seen before they break", async ({ page, request, javaScriptEnabled }) => {
  const scripted = javaScriptEnabled !== false;
  const version = `${demo.portal}/console/acme/apis/petstore/versions/v1`;
  const password = demo.output().match(/password is (\S+)/)![1];
  await page.goto(`${demo.portal}/signin`);
  await page.getByLabel("E-mail").fill("olivia@acme.example");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(/\/dashboard$/);

  await test.step("uploads a document in which a parameter must be given", async () => {
    const original = await (await request.get(`${demo.portal}/apis/acme/petstore/v1/original`)).text();
    const stricter = original.replace("          description: Only pets of this kind.\n", "$&          required: true\n");
    expect(stricter).not.toBe(original);
    await page.goto(version);
    await page.getByText("Upload a new revision").click();
    await page
      .getByLabel("Upload a file")
      .setInputFiles({ name: "petstore.yaml", mimeType: "application/yaml", buffer: Buffer.from(stricter) });
    await page.getByRole("button", { name: "Upload new revision" }).click();
    await expect(page.getByText(/Revision \d+ is current/)).toBeVisible();
    await expect(page.getByText("1 breaking change")).toBeVisible();
    await expectAccessible(page, scripted);
  });

  await test.step("the checks are listed by rule", async () => {
    await page.getByRole("link", { name: "All findings" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Checks of Petstore v1");
    await expect(page.getByRole("heading", { name: "operation-description" })).toBeVisible();
    await page.getByRole("link", { name: "Errors" }).click();
    await expect(page).toHaveURL(/severity=error/);
    await expect(page.getByRole("heading", { name: "operation-description" })).toHaveCount(0);
    await expectAccessible(page, scripted);
  });

  await test.step("the change is named with its operation", async () => {
    await page.goto(version);
    await page.getByRole("link", { name: "All changes" }).click();
    await expect(page.getByText("Some changes break callers.")).toBeVisible();
    await expect(page.getByText("request-parameter-became-required")).toBeVisible();
    await expect(page.getByText("GET /pets", { exact: true })).toBeVisible();
    await expectAccessible(page, scripted);
  });

  await test.step("callers read of it", async () => {
    await page.goto(`${demo.portal}/apis/acme/petstore`);
    await page.getByRole("link", { name: "Changelog" }).click();
    const newest = page.locator(".changelog-entry").first();
    await expect(newest.getByText("1 breaking change")).toBeVisible();
    await newest.getByText("Show the changes").click();
    await expect(newest.getByText("became required")).toBeVisible();
    await expectAccessible(page, scripted);
  });

  await test.step("the operation has code in nine languages", async () => {
    await page.goto(`${demo.portal}/apis/acme/petstore/v1/operations/listPets`);
    const samples = page.locator(".code-tabs");
    await expect(samples.getByRole("radio")).toHaveCount(9);
    await samples.getByText("Python", { exact: true }).click();
    await expect(samples.getByText("requests.get")).toBeVisible();
    await expect(samples.getByText("curl '")).toBeHidden();
    await expectAccessible(page, scripted);
  });
});
