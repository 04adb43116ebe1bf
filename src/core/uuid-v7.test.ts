import { expect, test } from "vitest";
import { uuidV7 } from "./uuid-v7.ts";

test("gives the value of RFC 9562, appendix A.6", () => {
  const random = Buffer.from("0cc318c4dc0c0c07398f", "hex");
  expect(uuidV7(new Date("2022-02-22T19:22:22.000Z"), random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

test("ids of later moments sort later, and two of one moment differ", () => {
  const ids = [1, 1000, 2 ** 33, 2 ** 41].map((time) => uuidV7(new Date(time)));
  expect(ids.toSorted()).toEqual(ids);
  expect(uuidV7(new Date(5))).not.toBe(uuidV7(new Date(5)));
});
