/** The project that a demo's agent works on: small, real, and readable at a glance. */
export const demoFiles: Record<string, string> = {
  "README.md": `# Order book

Takes the orders of a small bakery and says what to bake tomorrow.

- \`src/orders.js\` keeps the orders
- \`src/plan.js\` adds them up
- \`test/plan.test.js\` checks it: \`node --test\`
`,
  "package.json": `{
  "name": "order-book",
  "version": "0.3.0",
  "type": "module",
  "scripts": { "test": "node --test" }
}
`,
  ".gitignore": "node_modules/\n*.log\n",
  "src/orders.js": `const orders = [];

export function addOrder(customer, item, count) {
  orders.push({ customer, item, count });
}

export function allOrders() {
  return orders;
}
`,
  "src/plan.js": `import { allOrders } from './orders.js';

export function plan() {
  const totals = {};
  for (const order of allOrders()) {
    totals[order.item] = (totals[order.item] || 0) + order.count;
  }
  return totals;
}
`,
  "src/print.js": `import { plan } from './plan.js';

for (const [item, count] of Object.entries(plan())) {
  console.log(item + ': ' + count);
}
`,
  "test/plan.test.js": `import assert from 'node:assert';
import test from 'node:test';
import { addOrder } from '../src/orders.js';
import { plan } from '../src/plan.js';

test('adds up the orders of one item', () => {
  addOrder('Ana', 'rye', 2);
  addOrder('Ben', 'rye', 3);
  assert.equal(plan().rye, 5);
});
`,
  "data/prices.csv": "item,price\nrye,3.80\nbaguette,1.40\ncroissant,1.60\n",
};
