internal import Content
internal import Foundation
internal import MailModel

/// The report as one self-contained page: no script, no request, a content security policy that allows neither.
package func renderPage(_ report: HostReport) -> String {
    let plan = report.status.plan
    let (word, meaning) = Headline(report).words
    let mark = Headline(report).mark
    return HTML.document(
        head: [
            .void("meta", ["charset": "utf-8"]),
            .void("meta", ["http-equiv": "Content-Security-Policy", "content": contentSecurityPolicy]),
            .void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            .void("meta", ["name": "referrer", "content": "no-referrer"]),
            .void("meta", ["name": "color-scheme", "content": "light dark"]),
            .tag("title", HTML("\(word): \(plan.host.name), mail relay report")), .style(styleSheet),
        ],
        body: [
            .tag(
                "header",
                .tag("h1", HTML(plan.host.name)),
                .tag(
                    "p", ["class": "verdict \(mark.rawValue)"], marked(mark, word),
                    HTML(": this host \(meaning)")),
                facts(of: report)),
            .tag(
                "main",
                all: [
                    findings(of: plan), probeSection(report.probe), plannedChanges(plan),
                    queueSection(report), timeline(of: report),
                ]),
            .tag(
                "footer",
                .tag(
                    "p",
                    HTML(
                        "Made by agent \(plan.agentVersion) on \(plan.created.rfc3339). Passwords are masked; "
                            + "the page holds no script and asks nothing of the network."))),
        ])
}

/// The style sheet is named by its digest, so that no other takes effect (CSP Level 3, section 2.3.1).
private var contentSecurityPolicy: String {
    let digest = sha256("\(styleSheet)".utf8)
    let bytes = stride(from: 0, to: digest.count, by: 2).compactMap { offset in
        UInt8(digest.dropFirst(offset).prefix(2), radix: 16)
    }
    return "default-src 'none'; style-src 'sha256-\(Data(bytes).base64EncodedString())'; "
        + "base-uri 'none'; form-action 'none'"
}

func marked(_ mark: Mark, _ word: String) -> HTML {
    .tag("span", ["class": "mark \(mark.rawValue)"], HTML(mark.glyph + " " + word))
}

/// A heading with what belongs under it, named for screen readers.
func section(_ name: String, _ title: String, _ content: [HTML]) -> HTML {
    .tag(
        "section", ["aria-labelledby": name],
        all: [.tag("h2", ["id": name], HTML(title))] + content)
}

/// A table that may be wider than the page, and is then scrolled by mouse and keyboard.
func wideTable(_ name: String, _ rows: [HTML], classes: String = "") -> HTML {
    .tag(
        "div", ["class": "wide", "tabindex": "0", "role": "group", "aria-label": name],
        .tag("table", ["class": classes], all: [.tag("caption", HTML(name))] + rows))
}

private func facts(of report: HostReport) -> HTML {
    let plan = report.status.plan
    let level = report.judgement
    var pairs: [(String, HTML)] = [
        ("Seen", HTML(plan.created.rfc3339)),
        ("Plesk", HTML(plan.host.plesk ?? "not seen")),
        ("Mail server", HTML(plan.host.mta?.rawValue ?? "not seen")),
        ("Policy", HTML(name(of: plan.policy))),
        ("Level", HTML(([level.word] + level.reasons).joined(separator: "; "))),
    ]
    if let deadline = report.status.journal.windowDeadline {
        pairs.append(("Confirm window", HTML("open until \(deadline.rfc3339)")))
    }
    return .tag("dl", all: pairs.map { .tag("div", .tag("dt", HTML($0.0)), .tag("dd", $0.1)) })
}

extension StatusJudgement {
    fileprivate var word: String { level.word }
}
