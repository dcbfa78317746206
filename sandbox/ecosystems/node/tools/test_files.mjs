// Find the files that words of a command mean, as a shell with `**` would.
import fs from 'node:fs';
import path from 'node:path';

const SKIPPED = new Set(['node_modules', '.git']);

export function filesOf(words) {
  const found = new Set();
  for (const word of words) {
    if (/[*?[{]/.test(word)) {
      const pattern = patternOf(word);
      for (const file of below('.')) if (pattern.test(file)) found.add(file);
    } else if (fs.existsSync(word) && fs.statSync(word).isDirectory()) {
      for (const file of below(word)) if (/\.[cm]?[jt]sx?$/.test(file)) found.add(file);
    } else {
      found.add(path.normalize(word));
    }
  }
  return [...found].sort();
}

export function below(directory) {
  const found = [];
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const name = path.join(directory, entry.name);
    if (SKIPPED.has(entry.name)) continue;
    if (entry.isDirectory()) found.push(...below(name));
    else found.push(name);
  }
  return found;
}

function patternOf(word) {
  const text = path.normalize(word).replace(/\*\*\/|\*\*|\*|\?|\{[^}]*\}|\[[^\]]*\]|[.+^$()|\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part[0] === '{') return `(?:${part.slice(1, -1).split(',').map((name) => name.replace(/[.+]/g, '\\$&').replace(/\*/g, '[^/]*')).join('|')})`;
    return part[0] === '[' ? part : `\\${part}`;
  });
  return new RegExp(`^${text}$`);
}
