import { Component, type ReactNode } from "react";
import { Button } from "./Button.tsx";
import { classNames } from "./class-names.ts";
import { ErrorNote } from "./ErrorNote.tsx";
import { retryParts } from "./later.ts";

interface Props {
  /** What failed, as a sentence. */
  title: string;
  /** Where it says so: in the part's own place, as a dialog would, or as a notice would. */
  place: "inline" | "dialog" | "corner";
  /** What the part shows: of something else it is tried afresh. */
  about?: string;
  /** Stands in the part's own place beside a notice that it failed. */
  instead?: ReactNode;
  /** Gives the part up. */
  onClose?: () => void;
  children: ReactNode;
}

const places = {
  inline: "m-4",
  dialog: "fixed inset-x-2 top-[8vh] z-40 mx-auto max-w-lg rounded-md bg-raised shadow-pop",
  corner:
    "fixed bottom-12 left-3 z-50 w-96 max-w-[calc(100vw-24px)] rounded-md bg-raised shadow-pop",
};

/** Keeps what goes wrong in one part of the page, or on its way here, to that part. */
export class PartBoundary extends Component<Props, { error: unknown }> {
  override state = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override componentDidUpdate({ about }: Props): void {
    // oxlint-disable-next-line react/no-did-update-set-state -- once, when what it shows changes
    if (this.state.error !== null && about !== this.props.about) this.#retry();
  }

  #retry = (): void => {
    retryParts();
    this.setState({ error: null });
  };

  override render(): ReactNode {
    const { title, place, instead, onClose, children } = this.props;
    if (this.state.error === null) return children;
    const close = (): void => {
      // Whoever asks for it again is not told of this failure.
      retryParts();
      onClose?.();
    };
    const notice = (
      // Who asked for a dialog by key goes on by key.
      // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
      <div
        data-own-keys
        tabIndex={-1}
        ref={place === "dialog" ? (element) => element?.focus() : null}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
        }}
        className={classNames("focus:outline-none", places[place])}
      >
        <ErrorNote
          title={title}
          error={this.state.error}
          onRetry={this.#retry}
          actions={onClose !== undefined && <Button onClick={close}>Close</Button>}
        />
      </div>
    );
    return (
      <>
        {instead}
        {notice}
      </>
    );
  }
}
