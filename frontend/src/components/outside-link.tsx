import { Anchor, type AnchorProps, Text } from "@mantine/core";
import { ExternalLinkIcon } from "@radix-ui/react-icons";
import type { ReactNode } from "react";

import { safeAddress } from "@/format/safe-address";

type Props = AnchorProps & { to: string; children: ReactNode };

/** A link that leaves the dashboard; plain text if its address is none that a browser should follow. */
export function OutsideLink({ to, children, ...rest }: Props) {
  const address = safeAddress(to);
  if (address === undefined) {
    return (
      <Text span {...rest}>
        {children}
      </Text>
    );
  }
  return (
    <Anchor href={address} target="_blank" rel="noreferrer" {...rest}>
      {children} <ExternalLinkIcon width={12} height={12} role="img" aria-label="(opens a new tab)" />
    </Anchor>
  );
}
