/** One thing that the demo's agent does: edits, then a checkpoint, a note or a restore. */
export interface Step {
  /** Wait before it, in ms. */
  after: number;
  write?: Record<string, string>;
  replace?: { file: string; from: string; to: string }[];
  append?: Record<string, string>;
  remove?: string[];
  checkpoint?: { message: string; tags?: string[]; reason: string; name?: string };
  annotate?: { name: string; note: string; severity: "info" | "warning" | "critical" };
  restore?: { name: string };
}

const edit = "tool_call";

/** About a minute of an agent's work, with one wrong turn that a restore takes back. */
export const script: Step[] = [
  { after: 0, checkpoint: { message: "Project as it was found", reason: "session_start" } },
  {
    after: 2500,
    replace: [
      {
        file: "src/orders.js",
        from: "export function addOrder(customer, item, count) {\n",
        to: "export function addOrder(customer, item, count) {\n  if (!Number.isInteger(count) || count < 1) {\n    throw new RangeError(`count must be a positive whole number, not ${count}`);\n  }\n",
      },
    ],
    checkpoint: { message: "edit src/orders.js: refuse counts that make no sense", reason: edit },
  },
  {
    after: 3000,
    append: {
      "test/plan.test.js":
        "\ntest('refuses half a loaf', () => {\n  assert.throws(() => addOrder('Cleo', 'rye', 0.5), RangeError);\n});\n",
    },
    checkpoint: {
      message: "tests green: 2 passed",
      tags: ["green"],
      reason: "verification_complete",
      name: "green",
    },
  },
  {
    after: 3000,
    write: {
      "src/prices.js":
        "import { readFileSync } from 'node:fs';\n\nexport function prices() {\n  const [, ...rows] = readFileSync('data/prices.csv', 'utf8').trim().split('\\n');\n  return Object.fromEntries(rows.map((row) => row.split(',')).map(([item, price]) => [item, Number(price)]));\n}\n",
    },
    checkpoint: { message: "create src/prices.js: read the price list", reason: edit },
  },
  {
    after: 2500,
    replace: [
      {
        file: "src/print.js",
        from: "console.log(item + ': ' + count);",
        to: "console.log(`${item.padEnd(12)} ${String(count).padStart(4)}`);",
      },
    ],
    checkpoint: { message: "edit src/print.js: line the numbers up", reason: edit },
  },
  {
    after: 3000,
    append: { "data/prices.csv": "focaccia,4.20\npretzel,1.10\nsourdough,4.90\n" },
    write: {
      "src/index.js":
        "export * from './orders.js';\nexport * from './plan.js';\nexport * from './prices.js';\n",
    },
    checkpoint: { message: "Price list and entry point", reason: edit },
  },
  {
    after: 3500,
    remove: ["src/print.js", "src/plan.js"],
    write: {
      "src/planner.js":
        "import { allOrders } from './orders.js';\n\nexport class Planner {\n  totals = new Map();\n\n  run() {\n    allOrders().forEach((order) => this.totals.set(order.item, order.count));\n    return this;\n  }\n}\n",
    },
    checkpoint: {
      message: "refactor: plan.js becomes a Planner class",
      reason: edit,
      name: "refactor",
    },
  },
  {
    after: 2500,
    checkpoint: { message: "tests red: cannot find src/plan.js", reason: "error", tags: ["red"] },
  },
  {
    after: 2500,
    annotate: {
      name: "refactor",
      note: "The class overwrites totals instead of adding them up, and print.js is gone. Going back.",
      severity: "warning",
    },
  },
  { after: 3500, restore: { name: "green" } },
  {
    after: 4000,
    write: {
      "src/prices.js":
        "import { readFileSync } from 'node:fs';\n\n/** Price of each item in euros. */\nexport function prices(file = 'data/prices.csv') {\n  const [, ...rows] = readFileSync(file, 'utf8').trim().split('\\n');\n  const prices = {};\n  for (const row of rows) {\n    const [item, price] = row.split(',');\n    prices[item] = Number(price);\n  }\n  return prices;\n}\n",
    },
    checkpoint: { message: "create src/prices.js, smaller this time", reason: edit },
  },
  {
    after: 3000,
    append: {
      "src/plan.js":
        "\n/** What tomorrow's orders bring in, in euros. */\nexport function revenue(prices) {\n  return Object.entries(plan()).reduce((sum, [item, count]) => sum + count * (prices[item] ?? 0), 0);\n}\n",
    },
    checkpoint: { message: "edit src/plan.js: what tomorrow brings in", reason: edit },
  },
  {
    after: 3000,
    append: {
      "test/plan.test.js":
        "\ntest('counts the money', () => {\n  assert.equal(revenue({ rye: 3.8 }), 19);\n});\n",
    },
    replace: [
      {
        file: "test/plan.test.js",
        from: "import { plan } from '../src/plan.js';",
        to: "import { plan, revenue } from '../src/plan.js';",
      },
    ],
    checkpoint: { message: "test: the revenue of five ryes", reason: edit },
  },
  {
    after: 2500,
    checkpoint: {
      message: "tests green: 3 passed",
      tags: ["green"],
      reason: "verification_complete",
    },
  },
  {
    after: 3500,
    write: {
      "src/print.js":
        "import { plan, revenue } from './plan.js';\nimport { prices } from './prices.js';\n\nfor (const [item, count] of Object.entries(plan())) {\n  console.log(`${item.padEnd(12)} ${String(count).padStart(4)}`);\n}\nconsole.log(`${'total'.padEnd(12)} ${revenue(prices()).toFixed(2)}`);\n",
    },
    checkpoint: { message: "edit src/print.js: print the total", reason: edit },
  },
  {
    after: 3000,
    replace: [
      {
        file: "README.md",
        from: "- `src/plan.js` adds them up\n",
        to: "- `src/plan.js` adds them up and counts the money\n- `src/prices.js` reads the price list\n",
      },
      { file: "package.json", from: '"version": "0.3.0"', to: '"version": "0.4.0"' },
    ],
    checkpoint: { message: "docs: README and version 0.4.0", reason: edit },
  },
  {
    after: 4000,
    checkpoint: {
      message: "Done: orders are checked, priced and printed. Try Restore on any row, then Undo.",
      tags: ["done", "green"],
      reason: "verification_complete",
    },
  },
];
