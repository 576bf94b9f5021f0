/// Light and dark by the reader's choice, and on paper. Contrast of text is 4.5 to 1 at least (WCAG 2.2, 1.4.3).
let styleSheet: StaticString = """

    :root { color-scheme: light dark; --text: #1c1e21; --page: #ffffff; --panel: #f3f5f7; --line: #c5cbd3;
      --faint: #505862; --good: #11632b; --bad: #a8161f; --unsure: #7a4b00; --gone: #fbe3e4; --come: #dff3e4;
      --guilty: #ffe08a; --bar: #2f62b5; }
    @media screen and (prefers-color-scheme: dark) {
      :root { --text: #e6e8eb; --page: #14171b; --panel: #1e2329; --line: #414a55; --faint: #a9b2bd;
        --good: #6fd28d; --bad: #ff9a9d; --unsure: #f0c060; --gone: #4a2326; --come: #1d3f29;
        --guilty: #5e4a00; --bar: #7aa7f0; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--page); color: var(--text);
      font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
    h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; }
    h3 { font-size: 1rem; margin: 0 0 .25rem; } p { margin: .25rem 0; }
    .verdict { font-size: 1.2rem; padding: .75rem 1rem; border-left: .4rem solid; background: var(--panel);
      margin: .75rem 0; }
    .verdict.good { border-color: var(--good); } .verdict.bad { border-color: var(--bad); }
    .verdict.unsure { border-color: var(--unsure); }
    .mark { font-weight: 600; white-space: nowrap; }
    .mark.good, td.good { color: var(--good); } .mark.bad, td.bad { color: var(--bad); }
    .mark.unsure, td.unsure { color: var(--unsure); } td.none { color: var(--faint); }
    dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: 0; }
    dl div { display: contents; } dt { color: var(--faint); } dd { margin: 0; }
    article { border: 1px solid var(--line); border-left-width: .4rem; padding: .6rem .9rem; margin: .6rem 0; }
    article.good { border-left-color: var(--good); } article.bad { border-left-color: var(--bad); }
    article.unsure { border-left-color: var(--unsure); }
    .why, .note, footer, caption, figcaption { color: var(--faint); }
    .note::before { content: "Note: "; }
    figure { margin: .5rem 0; } caption { text-align: left; padding: .25rem 0; }
    code { font: .875rem/1.45 ui-monospace, "DejaVu Sans Mono", monospace; white-space: pre-wrap; }
    mark { background: var(--guilty); color: inherit; }
    .wide { overflow-x: auto; margin: .5rem 0; }
    .wide:focus-visible { outline: 2px solid var(--bar); }
    .code { background: var(--panel); padding: .5rem .75rem; }
    .code .number { display: inline-block; min-width: 2.5rem; padding-right: .75rem; text-align: right; }
    .number { color: var(--faint); font-variant-numeric: tabular-nums; text-align: right; user-select: none; }
    .gap { color: var(--faint); padding-left: 1.5rem; }
    table { border-collapse: collapse; min-width: 50%; }
    th, td { border-bottom: 1px solid var(--line); padding: .2rem .6rem; text-align: left; vertical-align: top; }
    thead th { vertical-align: bottom; } tbody th { font-weight: 500; }
    .matrix { font-size: .875rem; } .matrix td { text-align: center; font-weight: 600; }
    .matrix thead th { max-width: 9.5rem; overflow-wrap: normal; font-size: .75rem; } .matrix tbody th { white-space: nowrap; }
    .difference { width: 100%; table-layout: fixed; } .difference th:nth-child(odd) { width: 4.5rem; white-space: nowrap; }
    .difference td { border-bottom: 0; } .difference tbody + tbody tr:first-child td { border-top: 1px dashed var(--line); }
    .difference td:has(del) { background: var(--gone); } .difference td:has(ins) { background: var(--come); }
    .difference .absent { background: var(--panel); } del, ins { text-decoration: none; }
    del::before { content: "− "; } ins::before { content: "+ "; }
    .timeline { list-style: none; padding: 0; border-left: 2px solid var(--line); }
    .timeline > li { padding: 0 0 1.25rem 1rem; } .bar { fill: var(--bar); }
    .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    .wide { position: relative; }
    footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .75rem; font-size: .875rem; }
    @media print { body { max-width: none; padding: 0; font-size: 10pt; } .wide { overflow: visible; }
      article, figure, tr, .timeline > li > h3 { break-inside: avoid; } h2, h3 { break-after: avoid; }
      .matrix { font-size: 7.5pt; } .matrix th, .matrix td { padding: 0 .2rem; } .matrix thead th { overflow-wrap: anywhere; font-size: 6.5pt; } * { print-color-adjust: exact; } }

    """
