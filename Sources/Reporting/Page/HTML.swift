internal import Content

/// A piece of an HTML page. Text becomes markup here and nowhere else: it is made safe to print, then escaped, so that
/// nothing that a host or a mail client wrote can be taken for markup (HTML Living Standard, section 13.1).
struct HTML: ExpressibleByStringLiteral, Sendable, Equatable {
    let markup: String

    private init(markup: String) { self.markup = markup }

    /// Text of any origin, on one line.
    init(_ text: String) { markup = escaped(text) }

    init(stringLiteral text: String) { self.init(text) }

    static let nothing = HTML(markup: "")

    /// An element.
    static func tag(_ name: String, _ content: HTML...) -> HTML { tag(name, [:], all: content) }

    static func tag(_ name: String, all content: [HTML]) -> HTML { tag(name, [:], all: content) }

    static func tag(_ name: String, _ attributes: Attributes, _ content: HTML...) -> HTML {
        tag(name, attributes, all: content)
    }

    static func tag(_ name: String, _ attributes: Attributes, all content: [HTML]) -> HTML {
        HTML(markup: "<\(name)\(attributes.markup)>" + content.map(\.markup).joined() + "</\(name)>")
    }

    /// An element that has no content and no end tag (section 13.1.2, void elements).
    static func void(_ name: String, _ attributes: Attributes) -> HTML {
        HTML(markup: "<\(name)\(attributes.markup)>")
    }

    /// The page's own style sheet, the only text that is not escaped.
    static func style(_ sheet: StaticString) -> HTML { HTML(markup: "<style>\(sheet)</style>") }

    /// A whole document.
    static func document(head: [HTML], body: [HTML]) -> String {
        pageBeginning + tag("head", all: head).markup + "\n" + tag("body", all: body).markup + "\n</html>\n"
    }
}

/// The attributes of an element; their values are text of any origin as well.
struct Attributes: ExpressibleByDictionaryLiteral, Sendable, Equatable {
    fileprivate let markup: String

    init(dictionaryLiteral elements: (String, String)...) {
        markup = elements.map { name, value in " \(name)=\"\(escaped(value))\"" }.joined()
    }
}

/// What every page of this program begins with, by which an older one is known.
package let pageBeginning = "<!DOCTYPE html>\n<html lang=\"en\" class=\"agent-report\">\n"

private func escaped(_ text: String) -> String {
    var markup = ""
    for character in printableText(text.utf8).unicodeScalars {
        switch character {
        case "&": markup += "&amp;"
        case "<": markup += "&lt;"
        case ">": markup += "&gt;"
        case "\"": markup += "&quot;"
        case "'": markup += "&#39;"
        default: markup.unicodeScalars.append(character)
        }
    }
    return markup
}
