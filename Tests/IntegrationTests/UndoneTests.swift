import Foundation
import Testing

extension OnARealHost {
    @Suite("Plesk undoes a change")
    struct Undone {
        @Test("It is said and counted, and after five times within a day a person must act")
        func fiveTimes() throws {
            let lab = try Lab.required()
            try lab.reset()
            for number in 0..<5 {
                try lab.break(["mynetworks"])
                let plan = try lab.agent("plan")
                #expect(plan.output.contains("within a day") == (number > 0), "\(plan.output)")
                let apply = try lab.agent("apply", "--yes")
                #expect(apply.status == 0, "\(apply.output)\(apply.errorOutput)")
            }
            try lab.break(["mynetworks"])
            let before = try lab.state()
            let last = try lab.agent("apply", "--yes")
            #expect(last.status == 4, "\(last.errorOutput)")
            #expect(last.errorOutput.contains("changes 5, 4, 3, 2, 1"), "\(last.errorOutput)")
            #expect(try lab.state() == before)
        }
    }
}
