import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { Prose } from "./prose";

function shown(text: string): HTMLElement {
  render(
    <MantineProvider>
      <p>
        <Prose text={text} />
      </p>
    </MantineProvider>,
  );
  return screen.getByRole("paragraph");
}

test("names between back-ticks are set as code", () => {
  const paragraph = shown("`total` is NaN because `applyCoupon` divides by zero.");

  expect(paragraph).toHaveTextContent("total is NaN because applyCoupon divides by zero.");
  expect(Array.from(paragraph.querySelectorAll("code"), (code) => code.textContent)).toEqual(["total", "applyCoupon"]);
});

test.each(["a lone ` stays", "``", "<b>not bold</b> *nor this*"])("%s is shown as it is", (text) => {
  const paragraph = shown(text);

  expect(paragraph).toHaveTextContent(text);
  expect(paragraph.querySelector("code, b, em")).toBeNull();
});
