internal import NIOSSL
internal import SMTPCore

/// TLS of any version with any certificate of the server: a probe asks what a stranger may do, not whom he
/// talks to.
struct ClientTLS: Sendable {
    private let anonymous: NIOSSLContext
    private let selfSigned: NIOSSLContext
    private let issued: NIOSSLContext?

    /// - Parameter issuedPEM: a chain and its key that a CA has issued to the user.
    init(issuedPEM: String?) throws {
        anonymous = try NIOSSLContext(configuration: Self.configuration(pem: nil))
        selfSigned = try NIOSSLContext(configuration: Self.configuration(pem: Self.nobodysCertificate))
        issued = try issuedPEM.map { try NIOSSLContext(configuration: Self.configuration(pem: $0)) }
    }

    /// - Returns: `nil` where the approach needs a certificate that the user has not given.
    func context(for approach: RelayTest.Approach) -> NIOSSLContext? {
        switch approach {
        case .certificate(.selfSigned): selfSigned
        case .certificate(.issued): issued
        default: anonymous
        }
    }

    private static func configuration(pem: String?) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.minimumTLSVersion = .tlsv1
        configuration.trustRoots = .certificates([])
        if let pem {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8)).map {
                .certificate($0)
            }
            configuration.privateKey = .privateKey(
                try NIOSSLPrivateKey(bytes: Array(pem.utf8), format: .pem))
        }
        return configuration
    }

    /// Proves nothing about anybody, and is to be known by everybody: self-signed for `relay test`, until
    /// 2126, made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500`.
    private static let nobodysCertificate = """
        -----BEGIN CERTIFICATE-----
        MIIBgDCCASegAwIBAgIULdr+Mxv5CfkuJ6w1y2TdaS8IegIwCgYIKoZIzj0EAwIw
        FTETMBEGA1UEAwwKcmVsYXkgdGVzdDAgFw0yNjExMjQwODI1MjFaGA8yMTI2MTAz
        MTA4MjUyMVowFTETMBEGA1UEAwwKcmVsYXkgdGVzdDBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABNM/Gdlid4CHvBYyuaC3hl/j0wGloa6eX0+32n6T7nlO8nRQ2Knk
        Ddcn/Fc3GOI3fWNKXWcGufL/yO4felBZtKOjUzBRMB0GA1UdDgQWBBRXFQi4H+gl
        1CWjBIku8kS9WEOe2TAfBgNVHSMEGDAWgBRXFQi4H+gl1CWjBIku8kS9WEOe2TAP
        BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCICdMo8xQc5zorc233S6Q
        c7c8kn1Mz9VQB023sgm21OCTAiBFLZ7gbnf+i3sCtzSQHMhYWQOcC4tMaej3OLnh
        0C4wvQ==
        -----END CERTIFICATE-----
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgaEfwlTcD7PJKoy1d
        P58ASnuadQwwxaj+CVzECuoyNI6hRANCAATTPxnZYneAh7wWMrmgt4Zf49MBpaGu
        nl9Pt9p+k+55TvJ0UNip5A3XJ/xXNxjiN31jSl1nBrny/8juH3pQWbSj
        -----END PRIVATE KEY-----

        """
}
