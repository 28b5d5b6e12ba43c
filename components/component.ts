import { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { checkImages, type CheckedImages } from "../images/check";
import type { ClusterConnection } from "../kubernetes/kubeconfig";
import type { Checked } from "../platforms/check";
import type { Platform, PlatformTypes } from "../platforms/platform";
import { driftText, findingText, warningTexts } from "../platforms/text";
import { ImageMove } from "./image-move";

/** What all components of the program share. Each ends its constructor with registerOutputs. */
export abstract class Component extends pulumi.ComponentResource {
  /** `type` is the class's name; another one would be another resource to every stack there is. */
  protected constructor(
    type: string,
    protected readonly name: string,
    protected readonly options: pulumi.ComponentResourceOptions = {},
  ) {
    super(`image-registry:index:${type}`, name, {}, options);
  }

  /** The name of a child. */
  protected child(name: string): string {
    return `${this.name}-${name}`;
  }

  /** Options of a child: retained where the component is, and with it. */
  protected childOptions(more: pulumi.CustomResourceOptions = {}): pulumi.CustomResourceOptions {
    return { parent: this, retainOnDelete: this.options.retainOnDelete, ...more };
  }

  /** A step that the engine calls before or after it makes or changes a child. */
  protected hook(name: string, step: () => Promise<void>): pulumi.ResourceHook {
    return new pulumi.ResourceHook(this.child(name), inProgram(step));
  }

  /** Told in a preview that makes the resource: the state does not have it, whatever the cluster has. */
  protected whenNew(name: string, tell: () => Promise<void>): pulumi.ResourceHook {
    const step = () => (pulumi.runtime.isDryRun() ? tell() : Promise.resolve());
    return new pulumi.ResourceHook(this.child(name), inProgram(step), { onDryRun: true });
  }

  /** A step after an operation of a resource that failed, and is not to be tried again; told why it did. */
  protected errorHook(name: string, step: (why: string) => Promise<void>): pulumi.ErrorHook {
    const run = inProgram(async ({ errors }: pulumi.ErrorHookArgs) => {
      await step(errors[0] ?? "");
      return false;
    });
    return new pulumi.ErrorHook(this.child(name), run);
  }

  protected warn(message: string): void {
    void pulumi.log.warn(message, this);
  }

  protected inform(message: string, { passing = false } = {}): void {
    void pulumi.log.info(message, this, undefined, passing);
  }

  /** A preview says what is wrong and what will be done about it; the up that follows would only say it again. */
  protected warnInPreview(checked: Promise<Pick<Checked, "drift" | "findings">>): void {
    this.inPreview(checked, ({ drift, findings }) => {
      for (const warning of warningTexts(drift, findings)) this.warn(warning);
      for (const note of findings.notes ?? []) this.inform(findingText(note));
      for (const change of drift.filter(({ remedy }) => remedy === "change")) this.inform(driftText(change));
    });
  }

  /** What takes images along, told of as this component. */
  protected imageMove<K extends PlatformTypes>(
    platform: Platform<K>,
    args: {
      readonly connection: ClusterConnection;
      readonly timeoutSeconds?: number | undefined;
      readonly images?: CheckedImages | undefined;
    },
    plan: K["plan"],
    checked: Promise<Pick<Checked<K>, "live" | "move">>,
  ): ImageMove<K> {
    const { connection, timeoutSeconds = 600 } = args;
    const images = args.images
      ? Promise.resolve(args.images)
      : checked.then((found) => checkImages({ ...found, connection, plan }, pulumi.runtime.isDryRun()));
    this.inPreview(images, ({ warnings }) => warnings.forEach((warning) => this.warn(findingText(warning))));
    const seen = Promise.all([checked, images]).then(([found, { hold }]) => ({ ...found, hold }));
    return new ImageMove(platform, connection, plan, seen, timeoutSeconds, {
      progress: (line) => this.inform(line, { passing: true }),
      warn: (message) => this.warn(message),
    });
  }

  protected inPreview<T>(checked: Promise<T>, tell: (checked: T) => void): void {
    // Where there is nothing to tell of, a resource fails with the reason.
    if (pulumi.runtime.isDryRun()) checked.then(tell, () => undefined);
  }
}

/** Hooks are called from outside: what they log would reach nobody, where several programs share the process. */
function inProgram<A extends unknown[], R>(step: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return AsyncLocalStorage.bind(step);
}
