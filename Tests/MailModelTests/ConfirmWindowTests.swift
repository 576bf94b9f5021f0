import MailModel
import Testing

@Suite("A confirm window")
struct ConfirmWindowTests {
    private func moment(_ wall: Int64, _ sinceBoot: Int, _ boot: String? = "a") -> Moment {
        Moment(wall: Timestamp(seconds: wall), sinceBoot: .seconds(sinceBoot), bootID: boot)
    }

    @Test(
        "ends on time, whatever is done to the clock or the host",
        arguments: [
            // Nothing happens.
            (1_100, 600, "a", 500), (1_600, 1_100, "a", 0), (1_700, 1_200, "a", -100),
            // The wall clock is set forward, and back.
            (9_999, 600, "a", 500), (1, 1_200, "a", -100),
            // A reboot: the wall clock counts.
            (1_100, 20, "b", 500), (1_700, 20, "b", -100),
            // A reboot with the wall clock set back: never longer than it was.
            (1, 20, "b", 600), (1_100, 9_999, "b", 500),
        ] as [(Int64, Int, String, Int)])
    func remaining(wall: Int64, sinceBoot: Int, boot: String, left: Int) {
        let window = ConfirmWindow(length: .seconds(600), from: moment(1_000, 500))
        #expect(window.remaining(at: moment(wall, sinceBoot, boot)) == .seconds(left))
    }

    @Test("is kept by the clocks of the boot that found it open, and does not become longer again")
    func carriedOver() {
        let window = ConfirmWindow(length: .seconds(600), from: moment(1_000, 500))
        let carried = window.carriedOver(to: moment(1_100, 20, "b"))
        #expect(carried.remaining(at: moment(1, 120, "b")) == .seconds(400))
        #expect(carried.length == window.length)
    }

    @Test("is kept by the wall clock where the boot has no number")
    func noBootID() {
        let window = ConfirmWindow(length: .seconds(600), from: moment(1_000, 500, nil))
        #expect(window.remaining(at: moment(1_100, 520, nil)) == .seconds(500))
    }

    @Test(
        "has a length with a unit",
        arguments: [
            ("600s", 600), ("10m", 600), ("2h", 7_200), ("1s", 1), ("168h", 604_800), ("600", nil),
            ("0s", nil),
            ("-1s", nil), ("1d", nil), ("s", nil), ("", nil), ("1.5h", nil), ("169h", nil),
            ("99999999h", nil),
            ("+5s", nil),
        ] as [(String, Int?)])
    func length(text: String, seconds: Int?) {
        #expect(Duration(window: text) == seconds.map { .seconds($0) })
    }
}
