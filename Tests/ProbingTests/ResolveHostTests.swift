import MailModel
import Probing
import Testing

@Suite("Name of a host")
struct ResolveHostTests {
    @Test("An address stands for itself", arguments: ["203.0.113.10", "2001:db8::10", "[2001:db8::10]"])
    func address(text: String) async throws {
        let bare = text.split { "[]".contains($0) }.joined()
        let expected = try #require(IPAddress(bare))
        #expect(try await resolveHost(text) == [expected])
    }

    @Test("localhost is this machine")
    func localhost() async throws {
        let addresses = try await resolveHost("localhost")
        #expect(!addresses.isEmpty)
        #expect(addresses.allSatisfy { $0.isLoopback })
    }

    @Test(
        "What is no host name is refused before anybody is asked",
        arguments: ["", "a b", "-x", "a\nb", "\u{1b}[2J"])
    func nonsense(text: String) async {
        #expect(await failure(text)?.status == .usage)
    }

    @Test("A name that cannot exist has no address")
    func unknown() async {
        #expect(await failure("no-such-host.invalid")?.status == .cannotTell)
    }

    private func failure(_ text: String) async -> Failure? {
        do {
            _ = try await resolveHost(text)
            return nil
        } catch {
            return error
        }
    }
}
