package import MailModel

/// `agent.queue/1`.
package func queueDocument(_ report: QueueReport) -> JSONValue {
    .object(
        countMembers(report) + [
            .init("verdict", .string(report.verdict.rawValue)),
            .init("is-relay", .bool(report.isRelay)),
            .init(
                "relay",
                .object([
                    .init("now", .optional(report.relay?.rawValue)),
                    .init("closed", .optional(report.closedAt?.rfc3339)),
                ])),
            .init("examined", .object(members(of: report.examined))),
            .init("moving", .int(report.gone)), .init("unreadable", .int(report.unreadable)),
            .init(
                "ages",
                .array(
                    report.ages.map { band in
                        .object([
                            .init("under-seconds", .optional(band.hours.map { $0 * 3600 })),
                            .init("messages", .int(band.messages)),
                        ])
                    })),
            .init(
                "origins",
                .array(
                    MessageOrigin.allCases.compactMap { origin in
                        report.origins[origin].map {
                            .object([.init("origin", .string(origin.rawValue))] + members(of: $0))
                        }
                    })),
            .init("causes", .array(report.causes.map { json($0, report) })),
            .init("tops", .array(report.tops.map(json))),
            .init("log", report.log.map(json) ?? .null),
        ])
}

/// `agent.queue/1` of `--count`: what directories alone say.
package func queueCountDocument(_ report: QueueReport) -> JSONValue { .object(countMembers(report)) }

private func countMembers(_ report: QueueReport) -> [JSONValue.Member] {
    let count = report.count
    return [
        .init("format", .string("agent.queue/1")), .init("created", .string(report.observedAt.rfc3339)),
        .init("mta", .string(report.mta.rawValue)), .init("messages", .int(count.total)),
        .init(
            "queues",
            .object(
                count.messagesByQueue.sorted { $0.key < $1.key }.map { .init($0.key, .int($0.value)) })),
        .init("bytes", .optional(count.files?.bytes)),
        .init("oldest", .optional(count.files?.oldest?.rfc3339)),
        .init("newest", .optional(count.files?.newest?.rfc3339)),
        .init("warn-above", .int(report.warnAbove)), .init("flooded", .bool(report.isFlooded)),
    ]
}

private func members(of part: QueueReport.Part) -> [JSONValue.Member] {
    [
        .init("messages", .int(part.messages)), .init("bytes", .int(part.bytes)),
        .init("recipients", .int(part.recipients)), .init("first", .optional(part.first?.rfc3339)),
        .init("last", .optional(part.last?.rfc3339)),
    ]
}

private func json(_ cause: QueueCause, _ report: QueueReport) -> JSONValue {
    .object(
        [.init("kind", .string(cause.kind.rawValue)), .init("who", .optional(cause.who))]
            + members(of: cause.part) + [
                .init("networks", .int(cause.networks)), .init("selection", .strings(cause.selection)),
                .init("advice", .strings(advice(cause, report))),
            ])
}

private func json(_ top: QueueReport.TopList) -> JSONValue {
    .object([
        .init("property", .string(top.property.rawValue)), .init("messages", .int(top.messages)),
        .init("exact", .bool(top.isExact)),
        .init(
            "entries",
            .array(
                top.entries.map {
                    .object([.init("value", .string($0.value)), .init("messages", .int($0.messages))])
                })),
    ])
}

private func json(_ log: MailLogReport) -> JSONValue {
    .object([
        .init("path", .string(log.path)), .init("rotated", .optional(log.rotated)),
        .init("bytes", .int(log.bytes)),
        .init("first", .optional(log.first)), .init("last", .optional(log.last)),
        .init("whole", .bool(log.isWhole)), .init("tops", .array(log.tops.map(json))),
    ])
}
