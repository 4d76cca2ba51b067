/** Something that a container may need, and whether this kernel and user have it. */
export interface Feature {
  /** A name that stays: `namespaces.time`. */
  readonly id: string;
  /** What it is, for people. */
  readonly title: string;
  readonly available: boolean;
  /** What more is to be said: controllers, ranges, that a user namespace is needed. */
  readonly detail?: string;
  /** Why it is not available: the sysctl, security module, capability or kernel option behind it. */
  readonly reason?: string;
}

/** What this kernel and user can do. */
export interface Features {
  readonly kernel: { readonly release: string; readonly architecture: string };
  readonly user: {
    readonly uid: number;
    readonly name?: string;
    /** Capabilities of this process, and those of the kernel that it lacks. */
    readonly capabilities: readonly string[];
    readonly missingCapabilities: readonly string[];
  };
  readonly features: readonly Feature[];
}
