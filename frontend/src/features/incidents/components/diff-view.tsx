import "react-diff-view/style/index.css";
import "./diff-view.css";

import { Stack } from "@mantine/core";
import { useMemo } from "react";
import { Diff, type FileData, Hunk, type HunkTokens, parseDiff, tokenize } from "react-diff-view";
import javascript from "refractor/javascript";
import json from "refractor/json";
import python from "refractor/python";
import typescript from "refractor/typescript";
import { refractor } from "refractor/core";

import { Quiet } from "@/components/quiet";
import { RawText } from "@/components/raw-text";

// Above this, laying out every line would hold the page up for seconds.
const LARGEST_LAID_OUT_CHARACTERS = 400_000;
const LARGEST_COLOURED_CHARACTERS = 100_000;

[javascript, json, python, typescript].forEach((grammar) => {
  refractor.register(grammar);
});

const LANGUAGES: Record<string, string> = {
  js: "javascript",
  cjs: "javascript",
  mjs: "javascript",
  ts: "typescript",
  json: "json",
  py: "python",
};

// react-diff-view wants the list of nodes that older releases of refractor gave.
const highlighter = { highlight: (text: string, language: string) => refractor.highlight(text, language).children };

export function DiffView({ diff }: { diff: string }) {
  const files = useMemo(() => (diff.length > LARGEST_LAID_OUT_CHARACTERS ? null : filesRead(diff)), [diff]);
  if (files === null) {
    return (
      <Stack gap="xs">
        <Quiet>
          This diff cannot be laid out ({diff.length.toLocaleString("en")} characters). Its beginning, as text:
        </Quiet>
        <RawText label="Diff">{diff.slice(0, LARGEST_LAID_OUT_CHARACTERS / 4)}</RawText>
      </Stack>
    );
  }
  const isColoured = diff.length <= LARGEST_COLOURED_CHARACTERS;
  return (
    <Stack gap="sm">
      {files.map((file) => (
        <File key={`${file.oldPath} ${file.newPath}`} file={file} isColoured={isColoured} />
      ))}
    </Stack>
  );
}

function File({ file, isColoured }: { file: FileData; isColoured: boolean }) {
  const path = file.type === "delete" ? file.oldPath : file.newPath;
  const tokens = useMemo(() => (isColoured ? tokensOf(file, path) : null), [file, path, isColoured]);
  return (
    <figure className="diff-file" aria-label={path}>
      <figcaption>
        {path}
        {file.type === "add" && <span> new</span>}
        {file.type === "delete" && <span> deleted</span>}
      </figcaption>
      <div className="diff-scroll" tabIndex={0} role="group" aria-label={`Changes of ${path}`}>
        <Diff viewType="unified" diffType={file.type} hunks={file.hunks} tokens={tokens}>
          {(hunks) => hunks.map((hunk) => <Hunk key={hunk.content} hunk={hunk} />)}
        </Diff>
      </div>
    </figure>
  );
}

function filesRead(diff: string): FileData[] | null {
  try {
    const files = parseDiff(diff);
    return files.some(({ hunks }) => hunks.length > 0) ? files : null;
  } catch (error) {
    // The parser throws plain errors for what is not a diff; the text is shown instead.
    console.warn("A diff could not be parsed.", error);
    return null;
  }
}

function tokensOf(file: FileData, path: string): HunkTokens | null {
  const language = LANGUAGES[path.split(".").at(-1) ?? ""];
  if (!language) return null;
  return tokenize(file.hunks, { highlight: true, refractor: highlighter, language });
}
