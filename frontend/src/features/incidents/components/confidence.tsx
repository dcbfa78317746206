import { Quiet } from "@/components/quiet";

export function Confidence({ value }: { value: number }) {
  return <Quiet>{Math.round(value * 100)} % confident</Quiet>;
}
