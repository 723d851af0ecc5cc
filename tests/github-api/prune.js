// Cuts GitHub's description of its API down to what the service uses, so that the proxy starts in seconds:
// node prune.js <api.github.com.json> <result.json>
'use strict';

const fs = require('node:fs');

const used = {
  '/repos/{owner}/{repo}': ['get'],
  '/repos/{owner}/{repo}/pulls': ['get', 'post'],
  '/repos/{owner}/{repo}/pulls/{pull_number}': ['get', 'patch'],
  '/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers': ['post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/labels': ['post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/assignees': ['post'],
  '/repos/{owner}/{repo}/issues/{issue_number}/events': ['get'],
  '/app/installations/{installation_id}/access_tokens': ['post'],
};

const [source, result] = process.argv.slice(2);
const all = JSON.parse(fs.readFileSync(source, 'utf8'));

const paths = {};
for (const [path, methods] of Object.entries(used)) {
  const { parameters } = all.paths[path];
  paths[path] = parameters ? { parameters } : {};
  for (const method of methods) paths[path][method] = all.paths[path][method];
}

// Examples are most of the text, and webhooks and callbacks lead to everything else.
function strip(node) {
  if (Array.isArray(node)) return node.map(strip);
  if (node === null || typeof node !== 'object') return node;
  const kept = {};
  for (const [key, value] of Object.entries(node)) {
    const isExample = key === 'examples' || (key === 'example' && !node.properties);
    if (!isExample && key !== 'callbacks' && !key.startsWith('x-')) kept[key] = strip(value);
  }
  return kept;
}

const components = {};
const waiting = [];
function follow(node) {
  if (node === null || typeof node !== 'object') return;
  if (typeof node.$ref === 'string') waiting.push(node.$ref);
  Object.values(node).forEach(follow);
}
const cut = strip(paths);
follow(cut);
while (waiting.length > 0) {
  const [, , kind, name] = waiting.pop().split('/');
  components[kind] ??= {};
  if (components[kind][name]) continue;
  components[kind][name] = strip(all.components[kind][name]);
  follow(components[kind][name]);
}

const { openapi, info, servers } = all;
fs.writeFileSync(result, JSON.stringify({ openapi, info: { title: info.title, version: info.version }, servers, paths: cut, components }));
