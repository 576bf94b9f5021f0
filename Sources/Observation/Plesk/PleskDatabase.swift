import HostIO
import MailModel

/// The question that Plesk's database is asked: all of it in one statement list, so that one start of
/// a client is enough.
///
/// Whether a table and its columns exist is looked up first, by the server itself; what is missing on an old
/// layout makes no error and no other answer is lost. Nothing is written.
struct DatabaseQuestion {
    /// What is asked in one go; the answer of each starts and ends with a line of its own.
    enum Section: String, CaseIterable {
        case nodeSettings = "node-settings"
        case miscSettings = "misc-settings"
        case whiteList = "white-list"
        case blackList = "black-list"
        case domains
        case mailbox
        case domainAliases = "domain-aliases"

        var table: String {
            switch self {
            case .nodeSettings: "ServiceNodeConfiguration"
            case .miscSettings: "misc"
            case .whiteList: "smtp_poplocks"
            case .blackList: "badmailfrom"
            case .domains: "domains"
            case .mailbox: "mail"
            case .domainAliases: "domain_aliases"
            }
        }

        fileprivate var columns: [String] {
            switch self {
            case .nodeSettings: ["serviceNodeId", "section", "name", "value"]
            case .miscSettings: ["param", "val"]
            case .whiteList: ["ip_address", "ip_mask", "lock_time"]
            case .blackList: ["domain"]
            case .domains: ["id", "name"]
            case .mailbox: ["mail_name", "dom_id", "postbox"]
            case .domainAliases: ["name", "mail"]
            }
        }

        fileprivate var selection: String {
            let names =
                "('relay','disable_smtp_auth','disable_pop_auth','poplock_time','allow_short_pop3_names')"
            switch self {
            case .nodeSettings:
                return "name, value FROM ServiceNodeConfiguration WHERE serviceNodeId = 1 "
                    + "AND section = 'mailServer' AND name IN \(names)"
            case .miscSettings: return "param, val FROM misc WHERE param IN \(names)"
            case .whiteList: return "ip_address, ip_mask, lock_time IS NULL FROM smtp_poplocks"
            case .blackList: return "domain FROM badmailfrom"
            case .domains: return "name FROM domains ORDER BY name"
            case .mailbox:
                return "CONCAT(mail.mail_name, '@', domains.name) FROM mail "
                    + "JOIN domains ON domains.id = mail.dom_id WHERE mail.postbox = 'true' "
                    + "ORDER BY mail.mail_name <> 'postmaster', domains.name, mail.mail_name LIMIT 100"
            case .domainAliases: return "name FROM domain_aliases WHERE mail = 'true' ORDER BY name"
            }
        }

        fileprivate var statements: String {
            let names = columns.map { "'\($0)'" }.joined(separator: ",")
            let quoted = "SELECT '\(rawValue)', \(selection)".split(
                separator: "'", omittingEmptySubsequences: false
            )
            .joined(separator: "''")
            return "SET @question = IF((SELECT COUNT(*) FROM information_schema.columns "
                + "WHERE table_schema = DATABASE() AND table_name = '\(table)' "
                + "AND column_name IN (\(names))) = \(columns.count), '\(quoted)', "
                + "'SELECT ''absent'', ''\(rawValue)'''); "
                + "PREPARE answer FROM @question; EXECUTE answer; SELECT 'end', '\(rawValue)'; "
        }
    }

    /// The surest sections stand first: what a failure cuts off is what matters least.
    static let text = Section.allCases.map(\.statements).joined()
}

/// What the database answered.
struct DatabaseAnswer: Equatable, Sendable {
    /// The rows of each section that was answered to its end; `nil` for a table that is not there.
    var sections: [DatabaseQuestion.Section: [[String]]?]
    /// Why sections are missing from the answer, as a sentence without a full stop.
    var problem: String?

    /// The rows of one section.
    func rows(_ section: DatabaseQuestion.Section) -> Observed<[[String]]> {
        guard let answered = sections[section] else {
            return .unseen(problem ?? "Plesk's database gave no answer for \(section.table)")
        }
        guard let rows = answered else { return .unseen("Plesk's database has no table \(section.table)") }
        return .seen(rows)
    }

    /// Reads what the client printed with `-B -N`: columns parted by tabs, and `\t`, `\n`, `\\`, `\0` escaped.
    init(parsing output: [UInt8], problem: String?) {
        var sections: [DatabaseQuestion.Section: [[String]]?] = [:]
        var open: [DatabaseQuestion.Section: [[String]]] = [:]
        var absent: Set<DatabaseQuestion.Section> = []
        for line in output.split(separator: UInt8(ascii: "\n")) {
            let columns = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
                .map(unescaped)
            guard columns.count >= 2 else { continue }
            switch columns[0] {
            case "absent":
                if let section = DatabaseQuestion.Section(rawValue: columns[1]) { absent.insert(section) }
            case "end":
                guard let section = DatabaseQuestion.Section(rawValue: columns[1]) else { continue }
                sections[section] = .some(absent.contains(section) ? nil : open[section] ?? [])
            default:
                guard let section = DatabaseQuestion.Section(rawValue: columns[0]) else { continue }
                open[section, default: []].append(Array(columns.dropFirst()))
            }
        }
        self.sections = sections
        let isWhole = sections.count == DatabaseQuestion.Section.allCases.count
        self.problem = isWhole ? nil : problem ?? "Plesk's database gave an answer that is not understood"
    }

    init(problem: String) {
        sections = [:]
        self.problem = problem
    }
}

/// Undoes what mysql(1) does to a value in batch mode.
private func unescaped(_ column: ArraySlice<UInt8>) -> String {
    let backslash = UInt8(ascii: "\\")
    guard column.contains(backslash) else { return String(decoding: column, as: UTF8.self) }
    var text: [UInt8] = []
    var isEscaped = false
    for byte in column {
        guard isEscaped else {
            if byte == backslash { isEscaped = true } else { text.append(byte) }
            continue
        }
        isEscaped = false
        switch byte {
        case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
        case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "0"): text.append(0)
        default: text.append(byte)
        }
    }
    return String(decoding: text, as: UTF8.self)
}

/// Asks Plesk's database everything in one call.
func askDatabase(_ plesk: PleskInstallation, _ instruments: Instruments) async -> DatabaseAnswer {
    guard let program = plesk.database.first else {
        return DatabaseAnswer(problem: "there is no client for Plesk's database on this host")
    }
    var environment: [String: String] = [:]
    if plesk.databaseSuffix != [] {
        guard let password = plesk.databasePassword else {
            return DatabaseAnswer(
                problem: "the password of Plesk's database, /etc/psa/.psa.shadow, cannot be read")
        }
        environment["MYSQL_PWD"] = password
    }
    let call = ProgramCall(
        executable: program,
        arguments: plesk.database.dropFirst() + ["-e", DatabaseQuestion.text] + plesk.databaseSuffix,
        environment: environment, deadline: instruments.deadlines.plesk)
    do {
        let result = try await instruments.run(call)
        let problem = result.succeeded ? nil : "Plesk's database was not read: \(firstLine(of: result))"
        return DatabaseAnswer(parsing: result.output, problem: problem)
    } catch {
        return DatabaseAnswer(problem: "Plesk's database was not read: \(error.summary)")
    }
}
