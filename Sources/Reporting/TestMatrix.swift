internal import MailModel

/// Every test by every address, port and TLS state: a column for each endpoint, a row for each way in which
/// tests were answered alike, with the tests behind it.
///
///     1 2 3
///     ✗ ✗ ·  plain, null-sender
///     · · ·  percent-host, percent-local
///
/// Ports that nobody serves have no column.
func probeMatrix(_ report: ProbeReport, style: TerminalStyle) -> [String] {
    let columns = report.endpoints.indices.filter { !report.endpoints[$0].tests.isEmpty }
    guard !columns.isEmpty else { return [] }
    var rows: [(cells: [ProbeTest.Verdict?], tests: [String])] = []
    for id in testsInOrder(report) {
        let cells = columns.map { column in
            report.endpoints[column].tests.first { $0.id == id }?.verdict
        }
        if let index = rows.firstIndex(where: { $0.cells == cells }) {
            rows[index].tests.append(id)
        } else {
            rows.append((cells, [id]))
        }
    }
    let width = String(report.endpoints.count).count
    let header = columns.map { String($0 + 1).leftPadded(to: width) }.joined(separator: " ")
    var lines = ["  " + header]
    for row in rows {
        let cells = row.cells.map { cell in
            String(repeating: " ", count: width - 1) + glyph(cell, style)
        }.joined(separator: " ")
        let indent = 2 + columns.count * (width + 1) + 1
        let names = wrapped(row.tests, width: max(30, 100 - indent))
        lines.append("  \(cells)  \(names[0])")
        lines += names.dropFirst().map { String(repeating: " ", count: indent) + $0 }
    }
    return lines + ["  " + legend(rows.flatMap(\.cells), style)]
}

/// As the endpoints list them, those that only some have at the place where they have them.
private func testsInOrder(_ report: ProbeReport) -> [String] {
    var order: [String] = []
    for endpoint in report.endpoints {
        var place = 0
        for test in endpoint.tests {
            if let index = order.firstIndex(of: test.id) {
                place = index + 1
            } else {
                order.insert(test.id, at: place)
                place += 1
            }
        }
    }
    return order
}

private func glyph(_ verdict: ProbeTest.Verdict?, _ style: TerminalStyle) -> String {
    switch verdict {
    case .delivered: style.red("✗")
    case .accepted: style.yellow("+")
    case .refused: style.green("·")
    case .deferred: style.yellow("~")
    case .error: style.yellow("?")
    case nil: " "
    }
}

/// What the signs mean that the reader has before him.
private func legend(_ cells: [ProbeTest.Verdict?], _ style: TerminalStyle) -> String {
    let meanings: [(ProbeTest.Verdict?, String)] = [
        (.delivered, "delivered"), (.accepted, "accepted, which proves nothing by itself"),
        (.refused, "refused"), (.deferred, "deferred"), (.error, "not decided"),
    ]
    return meanings.filter { cells.contains($0.0) }.map { "\(glyph($0.0, style)) \($0.1)" }
        .joined(separator: "  ")
}

private func wrapped(_ words: [String], width: Int) -> [String] {
    var lines: [String] = []
    for (index, word) in words.enumerated() {
        let word = index == words.count - 1 ? word : word + ","
        if let last = lines.last, last.count + word.count < width {
            lines[lines.count - 1] = last + " " + word
        } else {
            lines.append(word)
        }
    }
    return lines
}
