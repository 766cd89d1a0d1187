// The scripts of the live widgets outside a browser: what their functions return, for the tests and for optima.mjs.
//
//     node tools/live.mjs live,draw 'data => models.worst(...data)' < data.json > result.json

import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const folder = new URL('../lrsched/course/widgets/', import.meta.url);

// What `expression` is worth among the names of these scripts.
export async function live(parts, expression) {
  const scripts = parts.map(part => readFileSync(new URL(`${part}.js`, folder), 'utf8').replace('export default {render};', ''));
  const source = `${scripts.join('\n')}\nexport default ${expression};`;
  return (await import(`data:text/javascript;base64,${Buffer.from(source).toString('base64')}`)).default;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [parts, expression] = process.argv.slice(2), data = JSON.parse(readFileSync(0, 'utf8'));
  process.stdout.write(JSON.stringify((await live(parts.split(','), expression))(data)));
}
