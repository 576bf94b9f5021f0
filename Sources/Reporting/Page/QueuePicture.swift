internal import MailModel

/// How many messages wait, queue by queue, as bars beside the numbers.
func queueSection(_ report: HostReport) -> HTML {
    guard let queue = report.status.queue else {
        return section("queue", "What waits in the queue", [.tag("p", "The queue could not be seen.")])
    }
    let rows = queue.messagesByQueue.sorted { $0.key < $1.key }
    let longest = max(rows.map(\.value).max() ?? 0, 1)
    let total = queue.total
    let mark: Mark = total > report.queueLimit ? .bad : .good
    return section(
        "queue", "What waits in the queue",
        [
            .tag(
                "p",
                marked(mark, "\(total) message\(total == 1 ? "" : "s")"),
                HTML("; the policy warns above \(report.queueLimit).")),
            wideTable(
                "Messages by queue",
                [
                    .tag(
                        "thead",
                        .tag(
                            "tr", .tag("th", ["scope": "col"], "Queue"),
                            .tag("th", ["scope": "col"], "Messages"),
                            .tag("th", ["scope": "col"], "Share"))),
                    .tag("tbody", all: rows.map { bar($0.key, $0.value, of: longest) }),
                ]),
        ])
}

private func bar(_ name: String, _ messages: Int, of longest: Int) -> HTML {
    let width = messages * 300 / longest
    return .tag(
        "tr", .tag("th", ["scope": "row"], HTML(name)),
        .tag("td", ["class": "number"], HTML(String(messages))),
        .tag(
            "td",
            .tag(
                "svg", ["width": "300", "height": "16", "role": "img", "aria-label": "\(messages) messages"],
                .tag(
                    "rect",
                    ["class": "bar", "width": String(max(width, messages > 0 ? 2 : 0)), "height": "16"]))))
}
