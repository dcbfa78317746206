import { Anchor, type AnchorProps } from "@mantine/core";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps> &
  AnchorProps & { ref?: Ref<HTMLAnchorElement> };

function RoutedAnchor(props: Props) {
  return <Anchor {...props} />;
}

/** A link to another page of the dashboard. */
export const PageLink = createLink(RoutedAnchor);
