import { Secret } from "../../../core/secret.ts";
import { configError } from "../../net/config-error.ts";
import {
  type AuthenticationMethod,
  type AuthenticationSpec,
  authenticationMethods,
  defaultMaxScramIterations,
} from "../connection-spec.ts";
import { invalidSetting, type Setting, type SettingLayers } from "./setting-layers.ts";

const scramKeyLength = 32;
const maxIterations = 2 ** 31 - 1;

export function resolveAuthentication(settings: SettingLayers): AuthenticationSpec {
  const clientKey = scramKey(settings.find("scram_client_key"));
  const serverKey = scramKey(settings.find("scram_server_key"));
  if ((clientKey === undefined) !== (serverKey === undefined)) {
    throw configError(
      "scram_client_key and scram_server_key must be given together: without the second the server cannot prove itself",
      "give both, or a password",
    );
  }
  const iterations = settings.integer("scram_max_iterations") ?? defaultMaxScramIterations;
  if (iterations < 1 || iterations > maxIterations) {
    throw invalidSetting(settings.find("scram_max_iterations")!, `use a number between 1 and ${maxIterations}`);
  }
  return {
    channelBinding: settings.choice("channel_binding", ["disable", "prefer", "require"], "prefer"),
    ...requiredMethods(settings.find("require_auth")),
    maxScramIterations: iterations,
    scramClientKey: clientKey,
    scramServerKey: serverKey,
  };
}

/** `a,b` allows these; `!a,!b` all but these. */
function requiredMethods(setting: Setting | undefined): Pick<AuthenticationSpec, "allowed" | "allowedByName"> {
  if (setting === undefined) return { allowed: undefined, allowedByName: false };
  const words = setting.value.split(",").map((word) => word.trim());
  const negated = words.filter((word) => word.startsWith("!"));
  if (negated.length > 0 && negated.length < words.length) {
    throw invalidSetting(setting, 'name either the methods that are allowed, or with "!" those that are not');
  }
  const methods = words.map((word) => methodOf(word.replace(/^!/, ""), setting));
  if (new Set(methods).size < methods.length) throw invalidSetting(setting, "name each method once");
  if (negated.length === 0) return { allowed: new Set(methods), allowedByName: true };
  const left = authenticationMethods.filter((method) => !methods.includes(method));
  return { allowed: new Set(left), allowedByName: false };
}

function methodOf(word: string, setting: Setting): AuthenticationMethod {
  const method = authenticationMethods.find((one) => one === word);
  if (method === undefined) throw invalidSetting(setting, `the methods are ${authenticationMethods.join(", ")}`);
  return method;
}

/** Never shown: it is as good as the password. */
function scramKey(setting: Setting | undefined): Secret | undefined {
  if (setting === undefined) return undefined;
  const isBase64 = /^[A-Za-z0-9+/]{43}=$/.test(setting.value);
  if (!isBase64 || Buffer.from(setting.value, "base64").length !== scramKeyLength) {
    throw configError(
      `${setting.keyword} (${setting.source}) is not a key of ${scramKeyLength} bytes in base64`,
      "copy it from the output of the program that derived it",
    );
  }
  return new Secret(setting.value);
}
