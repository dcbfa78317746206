import { Alert, Badge, createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

// Cooler and less blue than Mantine's own dark greys.
const dark: MantineColorsTuple = [
  "#e6e9ee",
  "#c2c8d1",
  "#9ca4b0",
  "#6b7480",
  "#3d444e",
  "#2c323a",
  "#22272e",
  "#171b20",
  "#101317",
  "#0b0d10",
];

export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: 7,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: '"Inter Variable", system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", "Roboto Mono", Menlo, Consolas, monospace',
  headings: { fontWeight: "650" },
  autoContrast: true,
  colors: { dark },
  components: {
    // Mantine's own title is too pale to read on its own ground.
    Alert: Alert.extend({ styles: { title: { color: "var(--mantine-color-text)" } } }),
    Badge: Badge.extend({ defaultProps: { variant: "light", tt: "none" } }),
  },
});

/** `--ground` lies under cards, `--card` is a card, `--line` divides. */
export const cssVariables: CSSVariablesResolver = (theme) => ({
  variables: {},
  light: {
    "--ground": "#f5f6f8",
    "--card": "#ffffff",
    "--line": "#e3e6ea",
    "--mantine-color-body": "#ffffff",
    "--mantine-color-dimmed": "#5d6672",
    "--mantine-color-default-border": "#dce0e5",
  },
  dark: {
    "--ground": theme.colors.dark[8],
    "--card": theme.colors.dark[7],
    "--line": theme.colors.dark[5],
    "--mantine-color-body": theme.colors.dark[7],
    "--mantine-color-dimmed": theme.colors.dark[2],
    "--mantine-color-default-border": theme.colors.dark[5],
  },
});
