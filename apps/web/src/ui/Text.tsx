import { visiblePieces } from "./visible.ts";

/** Foreign text (messages, paths, diff lines) with bidi and control characters made visible. */
export function Text({ value, keep = "" }: { value: string; keep?: string }) {
  const pieces = visiblePieces(value, keep);
  if (pieces.length === 1 && pieces[0] !== undefined && "text" in pieces[0]) {
    return <bdi>{pieces[0].text}</bdi>;
  }
  return (
    <bdi>
      {pieces.map((piece, at) =>
        "text" in piece ? (
          piece.text
        ) : (
          // oxlint-disable-next-line react/no-array-index-key -- pieces of one immutable string
          <span key={at} className="made-visible" title="A character that is not drawn by itself">
            {piece.hidden}
          </span>
        ),
      )}
    </bdi>
  );
}
