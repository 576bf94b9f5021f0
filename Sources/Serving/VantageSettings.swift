package import MailModel

/// How a vantage is run.
package struct VantageSettings: Sendable {
    package var address: IPAddress
    package var port: Int
    /// The chain, the server's own first, in PEM.
    package var certificatePEM: String
    package var keyPEM: String
    package var tokens: BearerTokens
    /// The version of this program, which its clients have to have as well.
    package var program: String
    /// The addresses of this machine, with the prefixes of their networks.
    package var interfaces: [IPNetwork]
    /// Where messages are caught, on port 25; empty for nowhere.
    package var catchers: [IPAddress]
    package var quotas: QuotaLimits
    /// Domains whose names have this vantage as their first MX, in lower case.
    package var backupDomains: [String]

    package init(
        address: IPAddress, port: Int, certificatePEM: String, keyPEM: String, tokens: BearerTokens,
        program: String, interfaces: [IPNetwork], catchers: [IPAddress] = [],
        quotas: QuotaLimits = QuotaLimits(), backupDomains: [String] = []
    ) {
        self.backupDomains = backupDomains
        self.address = address
        self.port = port
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
        self.tokens = tokens
        self.program = program
        self.interfaces = interfaces
        self.catchers = catchers
        self.quotas = quotas
    }
}
