// Draws a page of `retire` as a browser shows it: node picture.mjs PAGE FOLDER
//
// FOLDER gets page.png: as much of the page as shows what it has.

import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import binary from "@sparticuz/chromium";
import { chromium } from "playwright-core";

const [page, folder] = process.argv.slice(2).map((path) => resolve(path));

const browser = await chromium.launch({
  executablePath: await binary.executablePath(),
  args: ["--no-sandbox", "--disable-gpu"],
  headless: true,
});
const drawn = await browser.newPage({ viewport: { width: 1100, height: 1440 }, colorScheme: "light" });
await drawn.goto(pathToFileURL(page).href);
await drawn.waitForFunction(() => document.getElementById("status").textContent !== "");
await drawn.screenshot({ path: join(folder, "page.png") });
await browser.close();
