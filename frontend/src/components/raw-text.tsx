import styles from "./raw-text.module.css";

/** Text from outside as it is, in a box that a keyboard can scroll. */
export function RawText({ label, children }: { label: string; children: string }) {
  return (
    <pre className={styles.text} tabIndex={0} role="group" aria-label={label}>
      {children}
    </pre>
  );
}
