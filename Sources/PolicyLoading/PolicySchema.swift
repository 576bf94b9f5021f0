internal import MailModel

/// The JSON Schema (2020-12) of policies, for editors: byte for byte `policies/policy.schema.json`.
///
/// It says less than ``parsePolicy(_:dropIns:)`` where JSON Schema has no words: whether a network is one, whether a
/// day exists, and what contradicts something else.
package func policySchema() -> String {
    let keys = PolicyKeys.self
    let schema = object(
        "A policy of agent",
        "What must hold on a mail host. Every key but version may be left out and is then as in the default.",
        [
            (
                keys.version,
                .object([note("The version of this format."), ("const", .number(PolicyLimits.version))])
            ),
            (keys.relaying, relaying), (keys.whiteList, whiteList),
            (keys.port25, choice("The MTA that must answer on port 25.", ["plesk"], standard: "plesk")),
            (keys.relay, relay), (keys.queue, queue), (keys.probe, probe), (keys.afterApply, afterApply),
            (keys.backups, backups),
        ], required: [keys.version])
    guard case .object(let fields) = schema else { return "" }
    let dialect = ("$schema", SchemaValue.text("https://json-schema.org/draft/2020-12/schema"))
    let definitions = (
        "$defs", SchemaValue.object([("network", network), ("vouched-network", vouchedNetwork)])
    )
    return SchemaValue.object([dialect] + fields + [definitions]).rendered() + "\n"
}

private let relaying = choice(
    "Who may relay: whoever logs in, or nobody at all.", Policy.Relaying.allCases.map(\.rawValue),
    standard: builtInPolicy.relaying.rawValue)

private let whiteList = object(
    nil, "Plesk's white list: its clients relay without a login.",
    [
        (
            PolicyKeys.within,
            .object([
                note("Every entry of the white list must lie inside one of these networks."),
                ("type", .text("array")), ("items", reference("network")), ("minItems", .number(1)),
                ("uniqueItems", .flag(true)),
                ("default", .list(builtInPolicy.whiteList.within.map { .text($0.description) })),
            ])
        ),
        (
            PolicyKeys.vouched,
            .object([
                note(
                    "Networks beyond these that an administrator answers for. The one thing that a drop-in adds to."
                ),
                ("type", .text("array")), ("items", reference("vouched-network")), ("default", .list([])),
            ])
        ),
    ])

private let relay = object(
    nil, "What happens to relaying for strangers.",
    [
        (
            PolicyKeys.strangers,
            choice(
                "By configuration and by probe, on every listener.", ["refuse"], standard: "refuse")
        )
    ])

private let queue = object(
    nil, "The mail queue.",
    [
        (
            PolicyKeys.warnAbove,
            number("Messages.", PolicyLimits.warnAbove, standard: builtInPolicy.queue.warnAbove)
        ),
        (
            PolicyKeys.flood,
            choice(
                "What becomes of a queue above that.", Policy.Flood.allCases.map(\.rawValue),
                standard: builtInPolicy.queue.flood.rawValue)
        ),
    ])

private let probe = object(
    nil, "How the host is asked to relay.",
    [
        (
            PolicyKeys.from,
            .object([
                note("The vantage: netns, direct, ssh://[user@]host or https://host[:port]."),
                ("type", .text("string")),
                ("pattern", .text("^(netns|direct|ssh://[^-/\\s][^/\\s]*|https://[^-/\\s]\\S*)$")),
                ("default", .text(builtInPolicy.probe.from.text)),
            ])
        ),
        (
            PolicyKeys.ports,
            .object([
                note("TCP ports."), ("type", .text("array")),
                (
                    "items",
                    .object([
                        ("type", .text("integer")), ("minimum", .number(PolicyLimits.port.lowerBound)),
                        ("maximum", .number(PolicyLimits.port.upperBound)),
                    ])
                ), ("minItems", .number(1)), ("uniqueItems", .flag(true)),
                ("default", .list(builtInPolicy.probe.ports.map(SchemaValue.number))),
            ])
        ),
    ])

private let afterApply = object(
    nil, "What follows an apply that went wrong.",
    [
        (
            PolicyKeys.mailBroken,
            choice(
                "When mail that worked before does not any more.", Policy.MailBroken.allCases.map(\.rawValue),
                standard: builtInPolicy.afterApply.mailBroken.rawValue)
        ),
        (
            PolicyKeys.unconfirmed,
            choice(
                "When no vantage can tell.", Policy.Unconfirmed.allCases.map(\.rawValue),
                standard: builtInPolicy.afterApply.unconfirmed.rawValue)
        ),
    ])

private let backups = object(
    nil, "What the store keeps.",
    [
        (
            PolicyKeys.keepLast,
            number("Change sets.", PolicyLimits.keepLast, standard: builtInPolicy.backups.keepLast)
        ),
        (
            PolicyKeys.keepWithin,
            .object([
                note(
                    "Days such as 90d, or weeks such as 12w; at most \(PolicyLimits.keepWithinDays.upperBound)d."
                ),
                ("type", .text("string")), ("pattern", .text("^[1-9][0-9]{0,3}[dw]$")),
                ("default", .text("\(builtInPolicy.backups.keepWithinDays)d")),
            ])
        ),
    ])

private let network = SchemaValue.object([
    note("An address and a prefix, such as 203.0.113.0/28; an address alone is itself only."),
    ("type", .text("string")), ("pattern", .text("^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$")),
])

private let vouchedNetwork = object(
    nil, "A network that may relay without a login, with the reason and the last day.",
    [
        (PolicyKeys.network, reference("network")),
        (
            PolicyKeys.reason,
            .object([
                note("Who needs it and why, in one line."), ("type", .text("string")),
                ("minLength", .number(PolicyLimits.reasonLength.lowerBound)),
                ("maxLength", .number(PolicyLimits.reasonLength.upperBound)), ("pattern", .text("\\S")),
            ])
        ),
        (
            PolicyKeys.until,
            .object([
                note("The last day on which it holds; without it there is no end."),
                ("type", .text("string")),
                ("format", .text("date")), ("pattern", .text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")),
            ])
        ),
    ], required: [PolicyKeys.network, PolicyKeys.reason])

private func note(_ text: String) -> (String, SchemaValue) { ("description", .text(text)) }

private func reference(_ name: String) -> SchemaValue { .object([("$ref", .text("#/$defs/\(name)"))]) }

private func choice(_ description: String, _ words: [String], standard: String) -> SchemaValue {
    .object([
        note(description), ("type", .text("string")), ("enum", .list(words.map(SchemaValue.text))),
        ("default", .text(standard)),
    ])
}

private func number(_ description: String, _ range: ClosedRange<Int>, standard: Int) -> SchemaValue {
    .object([
        note(description), ("type", .text("integer")), ("minimum", .number(range.lowerBound)),
        ("maximum", .number(range.upperBound)), ("default", .number(standard)),
    ])
}

private func object(
    _ title: String?, _ description: String, _ properties: [(String, SchemaValue)], required: [String] = []
) -> SchemaValue {
    var fields: [(String, SchemaValue)] = title.map { [("title", .text($0))] } ?? []
    fields += [note(description), ("type", .text("object"))]
    if !required.isEmpty { fields.append(("required", .list(required.map(SchemaValue.text)))) }
    return .object(fields + [("additionalProperties", .flag(false)), ("properties", .object(properties))])
}
